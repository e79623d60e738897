"""(to be written)"""

from flask import Blueprint

blueprint = Blueprint("npo", __name__)
