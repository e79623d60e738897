"""(to be written)"""

from flask import Blueprint

blueprint = Blueprint("suggestions", __name__)
