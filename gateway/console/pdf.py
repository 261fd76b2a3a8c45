"""How does a paper become a PDF? With the Chinese font that every reader brings: none is shipped."""

from __future__ import annotations

from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from casework.paper import Paper, Part

FONT = "STSong-Light"
MARGIN = 20 * mm

_BODY = ParagraphStyle("body", fontName=FONT, fontSize=10, leading=15, wordWrap="CJK")
_TITLE = ParagraphStyle("title", parent=_BODY, fontSize=17, leading=26, alignment=1)
_HEADING = ParagraphStyle("heading", parent=_BODY, fontSize=12, leading=20, spaceBefore=6)
_SMALL = ParagraphStyle("small", parent=_BODY, fontSize=8.5, leading=12)
_GRID = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.4, colors.grey),
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
)


def pdf_of(paper: Paper) -> bytes:
    """The paper as a PDF whose text can be searched and copied; the same bytes for the same paper."""
    registerFont(UnicodeCIDFont(FONT))
    into = BytesIO()
    document = BaseDocTemplate(
        into, pagesize=A4, title=paper.title, author="hedui", subject=paper.number, invariant=1
    )
    width, height = A4
    frame = Frame(MARGIN, MARGIN, width - 2 * MARGIN, height - 2 * MARGIN, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[frame], onPage=_footed(paper)))
    flow: list[Flowable] = [
        Paragraph(escape(paper.title), _TITLE),
        Paragraph(escape(paper.number), _BODY),
        Spacer(1, 4 * mm),
    ]
    for part in paper.parts:
        flow += _part(part, width - 2 * MARGIN)
    document.build(flow)
    return into.getvalue()


def _part(part: Part, width: float) -> list[Flowable]:
    flow: list[Flowable] = [Paragraph(escape(part.heading), _HEADING)]
    flow += [Paragraph(escape(sentence), _BODY) for sentence in part.sentences]
    if part.rows:
        cells = [[Paragraph(escape(cell), _SMALL) for cell in row] for row in (part.heads, *part.rows)]
        flow.append(Table(cells, colWidths=_widths(part, width), style=_GRID, repeatRows=1))
    return [*flow, Spacer(1, 3 * mm)]


def _widths(part: Part, width: float) -> list[float]:
    """Widths that go by the longest text of each column, within bounds."""
    longest = [
        max(8, min(44, max(len(row[at]) for row in (part.heads, *part.rows))))
        for at in range(len(part.heads))
    ]
    return [width * each / sum(longest) for each in longest]


def _footed(paper: Paper):  # type: ignore[no-untyped-def]  # reportlab names no type for it
    def draw(canvas: Canvas, document: BaseDocTemplate) -> None:
        canvas.setFont(FONT, 8)
        canvas.drawString(MARGIN, MARGIN / 2, paper.footer)
        canvas.drawRightString(A4[0] - MARGIN, MARGIN / 2, str(document.page))

    return draw
