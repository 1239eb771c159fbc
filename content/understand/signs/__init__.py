"""Warning signs in a patient's words, found by rule.

`load_signs` reads `warning_signs.toml` and the word lists; `find_signs` reads a message.
"""

from content.understand.signs.agreement import problems, unsigned
from content.understand.signs.model import Reading, Sign, Signs
from content.understand.signs.reader import find_signs
from content.understand.signs.register import load_signs

__all__ = ["Reading", "Sign", "Signs", "find_signs", "load_signs", "problems", "unsigned"]
