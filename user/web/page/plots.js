// SPDX-License-Identifier: GPL-2.0-or-later
// Draws rates by verdict. The page has the same data as tables, so plots are for the eye alone.
import uPlot from "./uplot.js";

const HEIGHT_PX = 240;

export const verdicts = [
	{ key: "allow", label: "Allowed", dash: [], note: "on an allow list" },
	{ key: "averted", label: "Averted", dash: [10, 3], note: "allowed, and saved from a block list" },
	{ key: "unlisted", label: "Unlisted", dash: [2, 3], note: "on no list" },
	{ key: "would_block", label: "Would block", dash: [7, 3, 2, 3], note: "passed, in monitor mode" },
	{ key: "block", label: "Blocked", dash: [], note: "dropped" },
	{ key: "would_limit", label: "Would limit", dash: [4, 4], note: "unlisted, over a limit, passed" },
	{ key: "limited", label: "Limited", dash: [12, 3, 3, 3], note: "unlisted, over a limit, dropped" },
];

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const precise = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric" });

function colour(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

// The lengths of time that one point may stand for.
const BINS = [60, 120, 300, 600, 1200, 1800, 3600];
const POINT_PX = 3;

// uPlot takes columns: the times, and for each verdict attempts a minute. A time without samples is
// a gap; one that has hardly begun says nothing about a rate.
function ratesOf(series, bin, now) {
	const columns = [[], ...verdicts.map(() => [])];
	const first = series.start.length ? series.start[0] - series.start[0] % bin : 0;
	let at = 0;
	for (let start = first; at < series.start.length; start += bin) {
		const sums = verdicts.map(() => 0);
		let seconds = 0;
		for (; series.start[at] < start + bin; at++) {
			seconds += series.seconds[at];
			verdicts.forEach((verdict, index) => { sums[index] += series.connections[verdict.key][at]; });
		}
		const known = seconds >= bin / 4 || (seconds > 0 && start + bin <= now);
		columns[0].push(start);
		sums.forEach((sum, index) => columns[index + 1].push(known ? sum * 60 / seconds : null));
	}
	return columns;
}

function axisTimes(_plot, splits, _axis, _space, increment) {
	return splits.map((split) => {
		const date = new Date(split * 1000);
		return increment >= 86400 || (date.getHours() === 0 && date.getMinutes() === 0)
			? day.format(date) : time.format(date);
	});
}

export class Plot {
	#span;
	#place;
	#readout;
	#series = null;
	#now = 0;
	#zoom = null; // [from, to], or null: all of it
	#data = [[]];
	#plot = null;
	#hidden = new Set();

	constructor(figure, spanSeconds) {
		this.#span = spanSeconds;
		this.#place = figure.querySelector(".plot");
		this.#readout = figure.querySelector(".readout");
		new ResizeObserver(() => this.#draw()).observe(this.#place);
		matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
	}

	show(series, now) {
		this.#series = series;
		this.#now = now;
		this.#draw();
	}

	toggle(key, isShown) {
		if (isShown)
			this.#hidden.delete(key);
		else
			this.#hidden.add(key);
		this.#draw();
	}

	#shown() {
		return this.#zoom ?? [this.#now - this.#span, this.#now];
	}

	// Dragging zooms in, and a double click shows all again.
	#select(plot) {
		const { left, width } = plot.select;
		if (width > 0) {
			this.#zoom = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
			this.#draw();
		}
	}

	#read(plot) {
		const index = plot.cursor.idx;
		const start = this.#data[0][index];
		if (start === undefined || plot.cursor.left < 0) {
			this.#readout.textContent = this.#series.start.length < 5
				? "Samples are taken each minute: the plot fills with time." : "";
			return;
		}
		const date = new Date(start * 1000);
		const parts = verdicts.map((verdict, at) => [verdict, this.#data[at + 1][index]])
			.filter(([verdict, rate]) => rate !== null && !this.#hidden.has(verdict.key))
			.map(([verdict, rate]) => `${verdict.label} ${precise.format(rate)}`);
		this.#readout.textContent =
			`${day.format(date)} ${time.format(date)}: ${parts.join(", ") || "nothing is known"}`;
	}

	#options(width) {
		const axis = { stroke: colour("quiet"), font: "12px system-ui, sans-serif",
			grid: { stroke: colour("grid"), width: 1 }, ticks: { stroke: colour("grid"), width: 1 } };
		return {
			width,
			height: HEIGHT_PX,
			padding: [10, 8, 0, 0],
			legend: { show: false },
			cursor: {
				y: false,
				drag: { x: true, y: false, setScale: false },
				bind: { dblclick: () => () => { this.#zoom = null; this.#draw(); } },
			},
			scales: {
				x: { range: () => this.#shown() },
				y: { range: (_plot, _min, max) => [0, Math.max(1, (max ?? 0) * 1.08)] },
			},
			axes: [
				{ ...axis, size: 30, space: 56, values: axisTimes },
				{ ...axis, size: 44, values: (_plot, splits) => splits.map((split) => compact.format(split)) },
			],
			series: [{}, ...verdicts.map((verdict) => ({
				stroke: colour(verdict.key),
				fill: verdict.key === "allow" || verdict.key === "block" ? `${colour(verdict.key)}1f` : undefined,
				width: 1.75,
				dash: verdict.dash,
				points: { show: false },
				show: !this.#hidden.has(verdict.key),
			}))],
			hooks: {
				setCursor: [(plot) => this.#read(plot)],
				setSelect: [(plot) => this.#select(plot)],
			},
		};
	}

	#draw() {
		const width = this.#place.clientWidth;
		if (!this.#series || !width)
			return;
		const [from, to] = this.#shown();
		const bin = BINS.find((seconds) => seconds >= this.#series.step_seconds
			&& (to - from) / seconds * POINT_PX <= width) ?? BINS.at(-1);
		this.#data = ratesOf(this.#series, bin, this.#now);
		this.#plot?.destroy();
		this.#plot = new uPlot(this.#options(width), this.#data, this.#place);
		this.#read(this.#plot);
	}
}
