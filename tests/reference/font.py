"""Writes font.ttf, a font of one sign, U+6708, which is a square in it. (pip install fonttools)"""

from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

SIGN = 0x6708


def square(side: int):
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((0, side))
    pen.lineTo((side, side))
    pen.lineTo((side, 0))
    pen.closePath()
    return pen.glyph()


font = FontBuilder(1000, isTTF=True)
font.setupGlyphOrder([".notdef", "square"])
font.setupCharacterMap({SIGN: "square"})
font.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "square": square(700)})
font.setupHorizontalMetrics({".notdef": (500, 0), "square": (1000, 0)})
font.setupHorizontalHeader(ascent=800, descent=-200)
font.setupNameTable({"familyName": "Logitscope Square", "styleName": "Regular", "psName": "LogitscopeSquare"})
font.setupOS2()
font.setupPost()
font.updateHead(created=0, modified=0)
font.save(Path(__file__).parent / "font.ttf")
