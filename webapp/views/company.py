"""(to be written)"""

from flask import Blueprint

blueprint = Blueprint("company", __name__)
