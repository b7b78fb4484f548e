/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes the files into the program. They are read when this is assembled, in the top directory of
 * the tree. */
#include "web/assets.h"

#include <string.h>

/* Have the symbols @name and @name_end stand around the bytes of @file. */
#define EMBED(name, file)                                                                          \
	__asm__(".pushsection .rodata\n"                                                           \
		".global " name ", " name "_end\n" name ": .incbin \"" file "\"\n" name            \
		"_end: .byte 0\n"                                                                  \
		".popsection\n")

EMBED("asset_page_html", "user/web/page/page.html");
EMBED("asset_page_css", "user/web/page/page.css");
EMBED("asset_page_js", "user/web/page/page.js");
EMBED("asset_plots_js", "user/web/page/plots.js");
EMBED("asset_icon_svg", "user/web/page/icon.svg");
EMBED("asset_uplot_js", "third_party/uplot/uPlot.esm.js");
EMBED("asset_uplot_css", "third_party/uplot/uPlot.css");

extern const char asset_page_html[], asset_page_html_end[];
extern const char asset_page_css[], asset_page_css_end[];
extern const char asset_page_js[], asset_page_js_end[];
extern const char asset_plots_js[], asset_plots_js_end[];
extern const char asset_icon_svg[], asset_icon_svg_end[];
extern const char asset_uplot_js[], asset_uplot_js_end[];
extern const char asset_uplot_css[], asset_uplot_css_end[];

#define HTML "text/html; charset=utf-8"
#define CSS "text/css; charset=utf-8"
#define SCRIPT "text/javascript; charset=utf-8"
#define SVG "image/svg+xml"

static const struct asset assets[] = {
	{ "/", HTML, asset_page_html, asset_page_html_end },
	{ "/page.css", CSS, asset_page_css, asset_page_css_end },
	{ "/page.js", SCRIPT, asset_page_js, asset_page_js_end },
	{ "/plots.js", SCRIPT, asset_plots_js, asset_plots_js_end },
	{ "/icon.svg", SVG, asset_icon_svg, asset_icon_svg_end },
	{ "/uplot.js", SCRIPT, asset_uplot_js, asset_uplot_js_end },
	{ "/uplot.css", CSS, asset_uplot_css, asset_uplot_css_end },
};

const struct asset *asset_find(const char *path)
{
	for (size_t i = 0; i < sizeof(assets) / sizeof(*assets); i++)
		if (!strcmp(assets[i].path, path))
			return &assets[i];
	return NULL;
}
