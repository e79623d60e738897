"""(to be written)"""

from flask import Blueprint

blueprint = Blueprint("organization", __name__)
