# SPDX-License-Identifier: GPL-2.0-or-later
"""A picture of a terminal: what `tmux capture-pane -e` prints becomes a page that a browser
shows."""

import html
import re

# The usual colours of a dark terminal: normal, then bright.
PALETTE = ("#2b3230", "#ff7676", "#4ec97c", "#f0c05a", "#74a9ff", "#d79bff", "#5fd0d0", "#d5dcd8",
           "#7b8782", "#ff9a9a", "#86e0a6", "#ffd98a", "#a3c6ff", "#e6c3ff", "#93e6e6", "#ffffff")
GROUND, TEXT = "#101412", "#d5dcd8"
STYLE = f"""
body {{ margin: 0; background: {GROUND}; }}
pre {{ display: inline-block; margin: 0; padding: 14px 18px; color: {TEXT};
       font: 14px/1.25 "DejaVu Sans Mono", monospace; }}
"""


class Pen:
    """How the next characters look."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.colour = self.ground = None
        self.bold = self.dim = self.reverse = self.underline = False

    def take(self, parameters):
        """The numbers of an SGR sequence."""
        numbers = [int(number or 0) for number in parameters.split(";")]
        while numbers:
            number = numbers.pop(0)
            if number in (38, 48) and numbers[:1] == [5]:
                colour = indexed(numbers[1])
                del numbers[:2]
                self.colour, self.ground = (colour, self.ground) if number == 38 \
                    else (self.colour, colour)
            else:
                self._take_one(number)

    def _take_one(self, number):
        if number == 0:
            self.reset()
        elif number in (1, 2, 4, 7):
            setattr(self, {1: "bold", 2: "dim", 4: "underline", 7: "reverse"}[number], True)
        elif number in (22, 24, 27):
            for name in {22: ("bold", "dim"), 24: ("underline",), 27: ("reverse",)}[number]:
                setattr(self, name, False)
        elif 30 <= number <= 37 or 90 <= number <= 97:
            self.colour = PALETTE[number % 10 + (8 if number >= 90 else 0)]
        elif 40 <= number <= 47 or 100 <= number <= 107:
            self.ground = PALETTE[number % 10 + (8 if number >= 100 else 0)]
        elif number == 39:
            self.colour = None
        elif number == 49:
            self.ground = None
        else:
            raise ValueError(f"an attribute that no picture shows: {number}")

    def css(self):
        colour, ground = self.colour or TEXT, self.ground or GROUND
        if self.reverse:
            colour, ground = ground, colour
        return (f"color:{colour};background:{ground};opacity:{0.65 if self.dim else 1};"
                f"font-weight:{700 if self.bold else 400};"
                f"text-decoration:{'underline' if self.underline else 'none'}")


def indexed(number):
    """A colour of the 256."""
    if number < 16:
        return PALETTE[number]
    if number >= 232:
        return f"rgb({number * 10 - 2312},{number * 10 - 2312},{number * 10 - 2312})"
    red, green, blue = (55 + 40 * level if level else 0 for level in
                        ((number - 16) // 36, (number - 16) // 6 % 6, (number - 16) % 6))
    return f"rgb({red},{green},{blue})"


def page_of(screen):
    """A page with the lines of a screen."""
    pen = Pen()
    parts = []
    for text in re.split(r"(\x1b\[[0-9;]*m)", screen.replace("\x0f", "").replace("\x0e", "")):
        if text.startswith("\x1b["):
            pen.take(text[2:-1])
        elif text:
            parts.append(f'<span style="{pen.css()}">{html.escape(text)}</span>')
    return f"<!DOCTYPE html><meta charset=utf-8><style>{STYLE}</style><pre>{''.join(parts)}</pre>"


def save(chromium, screen, path):
    """Save a screen as a PNG."""
    page = path.with_suffix(".html")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(page_of(screen), encoding="utf-8")
    chromium.look((1400, 900), "dark")
    chromium.go(page.as_uri())
    chromium.picture(path, selector="pre")
