// SPDX-License-Identifier: GPL-2.0-or-later
// Asks ipwld each minute and shows what it says. Text of others (names, reasons, messages) only
// ever becomes the text of an element.
import { Plot, verdicts } from "./plots.js";

const INTERVAL_MS = 60_000;
const CHECK_MS = 5_000;
const TIMEOUT_MS = 30_000;
const DAY_SECONDS = 86_400;

const numbers = new Intl.NumberFormat("en");
const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
const shortMoment = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short",
	hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

const byId = (id) => document.getElementById(id);

function element(name, className, ...children) {
	const made = document.createElement(name);
	if (className)
		made.className = className;
	made.append(...children);
	return made;
}

// ---- words -------------------------------------------------------------------

function duration(seconds) {
	for (const [unit, length] of [["d", DAY_SECONDS], ["h", 3600], ["min", 60]]) {
		if (seconds >= length)
			return `${Math.floor(seconds / length)} ${unit}`;
	}
	return `${Math.max(0, Math.floor(seconds))} s`;
}

// "3 h ago", with the exact time for who points at it.
function ago(text, now) {
	if (!text)
		return "never";
	const time = element("time", "", `${duration((now - new Date(text)) / 1000)} ago`);
	time.dateTime = text;
	time.title = moment.format(new Date(text));
	return time;
}

// A name may be written from right to left, and must not turn the line around it.
const name = (text) => element("bdi", "", text ?? "");

// A prefix that is one host, without its length.
const addressOf = (prefix) => prefix.replace(prefix.includes(":") ? /\/128$/ : /\/32$/, "");

// ---- tables ------------------------------------------------------------------

// A column: its head, the cell's content, and the class of the cell. The first is the row's head.
function fillTable(table, columns, rows) {
	const headCell = (column) => {
		const cell = element("th", column.kind, column.head);
		cell.scope = "col";
		return cell;
	};
	const bodyCell = (column, index, row) => {
		const kind = column.attention?.(row) ? "attention" : column.kind;
		const cell = element(index ? "td" : "th", kind, column.cell(row));
		if (!index)
			cell.scope = "row";
		return cell;
	};
	const body = table.tBodies[0] ?? table.createTBody();
	(table.tHead ?? table.createTHead())
		.replaceChildren(element("tr", "", ...columns.map(headCell)));
	body.replaceChildren(...rows.map((row) =>
		element("tr", "", ...columns.map((column, index) => bodyCell(column, index, row)))));
}

const count = (head, value) =>
	({ head, kind: "number", cell: (row) => numbers.format(value(row)) });

// ---- parts of the page ---------------------------------------------------------

function showHealth(level, summary, problems) {
	const words = byId("summary");
	byId("health").className = level.toLowerCase();
	// Screen readers read it out when it changes.
	if (words.textContent !== summary)
		words.textContent = summary;
	byId("problems").replaceChildren(...problems.map((problem) =>
		element("li", "", element("strong", "", `${problem.level === "CRITICAL" ? "Critical" : "Warning"}: `),
			name(problem.text))));
}

function sumOf(series, key) {
	return series.connections[key].reduce((sum, connections) => sum + connections, 0);
}

function showSums(series) {
	byId("day-sums").replaceChildren(...verdicts.map((verdict) =>
		element("div", verdict.key, element("dt", "", verdict.label),
			element("dd", "number", numbers.format(sumOf(series, verdict.key))),
			element("dd", "note", verdict.note))));
}

// Sums of all samples within each span, the newest first. A span begins at a whole hour of the
// clock on the wall.
function binsOf(series, hours) {
	const bins = new Map();
	series.start.forEach((start, at) => {
		const date = new Date(start * 1000);
		date.setHours(date.getHours() - date.getHours() % hours, 0, 0, 0);
		const key = date.getTime();
		const bin = bins.get(key) ?? { date, sums: Object.fromEntries(verdicts.map(({ key: of }) => [of, 0])) };
		verdicts.forEach(({ key: of }) => { bin.sums[of] += series.connections[of][at]; });
		bins.set(key, bin);
	});
	return [...bins.values()].sort((a, b) => b.date - a.date);
}

function showBins(figure, series, hours) {
	fillTable(figure.querySelector("table"), [
		{ head: "From", kind: "time", cell: (bin) => shortMoment.format(bin.date) },
		...verdicts.map((verdict) => count(verdict.label, (bin) => bin.sums[verdict.key])),
	], binsOf(series, hours));
}

// A table that has no rows is not shown.
function fillOrHide(id, columns, rows) {
	byId(id).parentElement.hidden = !rows.length;
	fillTable(byId(id), columns, rows);
}

function showAverted(data) {
	fillOrHide("averted", [
		{ head: "Partner", cell: (one) => name(addressOf(one.allow.entry ?? "unknown")) },
		count("Attempts", (one) => one.attempts),
		{ head: "On block list", cell: (one) => name(one.block_list) },
		{ head: "Allowed by", cell: (one) => name(one.allow.list) },
		{ head: "Reason", kind: "words", cell: (one) => name(one.entry?.reason ?? one.entry?.origin) },
	], data.attempts?.averted ?? []);
	fillOrHide("pairs", [
		{ head: "On block list", cell: (pair) => name(pair.block_list) },
		{ head: "Allowed by", cell: (pair) => name(pair.allow_list) },
		count("Attempts", (pair) => pair.connections),
		count("Packets", (pair) => pair.packets),
	], data.status.averted);
}

const SOURCES_SHOWN = 15;

function showSources({ attempts, status }, now) {
	const rows = (attempts?.lists ?? [])
		.flatMap((list) => list.sources.map((source) => ({ ...source, list: list.list })))
		.sort((a, b) => b.attempts - a.attempts).slice(0, SOURCES_SHOWN);
	const isMonitor = (list) => status.lists.some((one) => one.name === list && one.mode === "monitor");
	const missing = Object.values(attempts?.left_out ?? {}).reduce((sum, number) => sum + number, 0);
	byId("sources-section").hidden = !rows.length;
	fillTable(byId("sources"), [
		{ head: "Source", cell: (one) => name(one.source) },
		count("Attempts", (one) => one.attempts),
		{ head: "Block list", cell: (one) => element("span", "", name(one.list), isMonitor(one.list) ? " (monitor)" : "") },
		{ head: "First", cell: (one) => ago(one.first_at, now) },
		{ head: "Last", cell: (one) => ago(one.last_at, now) },
	], rows);
	byId("left-out").hidden = !missing;
	byId("left-out").textContent = `The tables lack ${numbers.format(missing)} `
		+ `${missing === 1 ? "attempt" : "attempts"}: there were too many at a time to note each.`;
}

function showSaved(entries, now) {
	byId("saved-details").hidden = !entries?.length;
	fillTable(byId("saved"), [
		{ head: "Sender", cell: (entry) => name(addressOf(entry.prefix)) },
		count("Packets", (entry) => entry.total_averted_packets ?? 0),
		{ head: "Last", cell: (entry) => ago(entry.last_hit_at, now) },
		{ head: "List", cell: (entry) => name(entry.list) },
		{ head: "Reason", kind: "words", cell: (entry) => name(entry.reason ?? entry.origin) },
	], entries ?? []);
}

// What a list does to its senders.
function deedOf(list) {
	return list.mode === "monitor" ? `${list.action} (monitor)` : list.action;
}

// When something of the list last changed: a file, or a copy that is in force. Times in UTC compare
// as text.
function changedOf(list, data) {
	const times = [
		...data.status.list_files.filter((file) => file.list === list.name).map((file) => file.written_at),
		...[...data.feeds, ...data.domains].filter((feed) => feed.list === list.name && feed.in_force !== false)
			.map((feed) => feed.fetched_at),
	].filter(Boolean);
	return times.sort().at(-1);
}

function showLists(data, now) {
	const { lists } = data.status;
	const skipped = { ...count("Skipped lines", (list) => list.skipped_lines),
		attention: (list) => list.skipped_lines > 0 };
	fillTable(byId("lists"), [
		{ head: "List", cell: (list) => name(list.name) },
		{ head: "Action", cell: deedOf },
		count("Entries", (list) => list.ipv4_entries + list.ipv6_entries),
		count("Attempts", (list) => list.connections),
		{ head: "Last change", cell: (list) => changedOf(list, data) ? ago(changedOf(list, data), now) : "" },
		...lists.some((list) => list.skipped_lines) ? [skipped] : [],
	], lists);
}

// Of a learned domain.
const WAITING = "not in force, suggested only";

function stateOfFeed(feed) {
	if (feed.held)
		return "new copy held";
	if (feed.gone_since)
		return "has no record any more";
	if (feed.age_seconds === null)
		return feed.last_fetch?.message ?? "no copy yet";
	if (feed.trouble)
		return feed.trouble;
	if (["failed", "invalid"].includes(feed.last_fetch?.result))
		return `last try: ${feed.last_fetch.message ?? feed.last_fetch.result}`;
	return feed.in_force === false ? WAITING : "up to date";
}

function showFeeds(kind, feeds, now) {
	byId(`${kind}-section`).hidden = !feeds.length;
	fillTable(byId(kind), [
		{ head: kind === "feeds" ? "Feed" : "Domain", cell: (feed) => name(feed.name) },
		{ head: "State", kind: "words", cell: (feed) => name(stateOfFeed(feed)),
			attention: (feed) => !["up to date", WAITING].includes(stateOfFeed(feed)) },
		{ head: "Confirmed", cell: (feed) => ago(feed.checked_at, now) },
		{ head: "New copy", cell: (feed) => ago(feed.fetched_at, now) },
		count("Entries", (feed) => feed.entries),
		{ head: "List", cell: (feed) => name(feed.list) },
		{ head: "Action", cell: (feed) => feed.action },
	], feeds);
}

function showHeld(data, now) {
	const { reload } = data.status;
	const outcome = reload.successful ? "was successful" : reload.held ? "is held" : "failed";
	const items = [];
	if (reload.held)
		items.push(element("li", "", "the reload: ", name(reload.held)));
	for (const message of [...reload.errors, ...reload.warnings])
		items.push(element("li", "", name(message)));
	for (const feed of [...data.feeds, ...data.domains].filter((one) => one.held)) {
		items.push(element("li", "", "the new copy of ", name(feed.name), " (",
			numbers.format(feed.held.entries), feed.held.entries === 1 ? " entry, " : " entries, ", ago(feed.held.at, now), "): ",
			name(feed.held.reasons.join("; "))));
	}
	byId("reload").replaceChildren("The last reload ", outcome, ", ", ago(reload.at, now),
		items.length ? "." : ". Nothing is held.");
	byId("held").replaceChildren(...items);
}

function showLearned(data, now) {
	const counts = (of) => [["candidate", "waiting"], ["probation", "on probation"], ["active", "in force"],
		["at_risk", "at risk"]].filter(([state]) => of[state] || state === "candidate" || state === "active")
		.map(([state, words]) => `${numbers.format(of[state])} ${words}`).join(", ");
	const { learn } = data.status;
	byId("learn-section").hidden = !learn;
	if (!learn)
		return;
	const addresses = learn.addresses;
	const domains = data.candidate_domains ?? [];
	const candidates = data.candidates ?? [];
	byId("learn").replaceChildren("For the list ", name(learn.list), learn.mode === "auto"
		? ", added by themselves; " : ", suggested only; ",
	`addresses: ${counts(addresses)}; partner domains: ${counts(learn.domains)}.`,
	candidates.length < addresses.candidate && candidates.length
		? ` The first ${numbers.format(candidates.length)} addresses that wait:` : "");
	byId("candidates-scroll").hidden = !candidates.length && !domains.length;
	fillTable(byId("candidates"), [
		// Of a domain all addresses that its SPF record permits are meant.
		{ head: "Candidate", cell: (one) => name(one.prefix ? addressOf(one.prefix) : `spf:${one.domain}`) },
		{ head: "Why", kind: "words", cell: (one) => name(one.why) },
		...candidates.some((one) => one.domain)
			? [{ head: "Domain", cell: (one) => name(one.prefix ? one.domain : null) }] : [],
		{ head: "Rule", cell: (one) => one.rule },
		{ head: "Since", cell: (one) => ago(one.since, now) },
	], [...domains, ...candidates]);
}

function showInterfaces(interfaces) {
	fillTable(byId("interfaces"), [
		{ head: "Interface", cell: (one) => name(one.name) },
		{ head: "XDP", cell: (one) => one.attached ? one.xdp_mode : "not attached", attention: (one) => !one.attached },
		count("Allowed", (one) => one.packets.allow + one.packets.averted),
		count("Unlisted", (one) => one.packets.unlisted),
		count("Would block", (one) => one.packets.would_block),
		count("Blocked", (one) => one.packets.block),
		count("Would limit", (one) => one.packets.would_limit),
		count("Limited", (one) => one.packets.limited),
		...interfaces.some((one) => one.error)
			? [{ head: "Problem", kind: "words", cell: (one) => name(one.error), attention: () => true }] : [],
	], interfaces);
}

// ---- all of it -------------------------------------------------------------------

const plots = { day: new Plot(byId("day"), DAY_SECONDS), week: new Plot(byId("week"), 7 * DAY_SECONDS) };
let shownAt = null;

function show(data) {
	const now = new Date(data.now);
	const seconds = now.getTime() / 1000;
	const { status } = data;
	document.title = `${data.health.summary} – ipwl ${data.host ?? ""}`;
	byId("host").textContent = data.host ? ` on ${data.host}` : "";
	byId("updated").textContent = `Updated ${moment.format(now)}`;
	byId("content").hidden = false;
	showHealth(data.health.protection, data.health.summary, data.health.problems);
	showSums(data.samples.day);
	for (const [key, hours] of [["day", 1], ["week", 6]]) {
		plots[key].show(data.samples[key], seconds);
		showBins(byId(key), data.samples[key], hours);
	}
	byId("saved-section").hidden = !(data.saved?.length || data.attempts?.averted.length || status.averted.length);
	showAverted(data);
	showSaved(data.saved, now);
	showSources(data, now);
	showLists(data, now);
	showFeeds("feeds", data.feeds, now);
	showFeeds("domains", data.domains, now);
	showHeld(data, now);
	showLearned(data, now);
	showInterfaces(status.interfaces);
	byId("daemon").textContent = `ipwld ${status.version}, up for ${duration(status.uptime_seconds)}, `
		+ `ports ${status.ports.join(", ")}`;
	shownAt = now;
}

// Old figures must not look like present ones.
function showSilence(why) {
	const since = shownAt ? ` What follows is of ${moment.format(shownAt)}.` : "";
	document.title = "no answer – ipwl";
	showHealth("UNKNOWN", `ipwld does not answer, so this page does not know whether mail is protected.${since}`,
		[{ level: "WARNING", text: why }]);
}

// Without the token that may be part of the page's address, which fetch() would refuse. The browser
// sends it all the same.
const overview = new URL("status.json", document.baseURI);
overview.username = overview.password = "";

async function update() {
	try {
		const answer = await fetch(overview, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
		if (!answer.ok)
			throw new Error(`it answers ${answer.status} ${answer.statusText}`);
		show(await answer.json());
	} catch (error) {
		showSilence(`the browser says: ${error.message}`);
	}
}

for (const verdict of verdicts) {
	const box = element("input", "");
	const swatch = document.createElementNS("http://www.w3.org/2000/svg", "svg");
	const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
	box.type = "checkbox";
	box.checked = true;
	box.addEventListener("change", () =>
		Object.values(plots).forEach((plot) => plot.toggle(verdict.key, box.checked)));
	swatch.setAttribute("class", "swatch");
	swatch.setAttribute("viewBox", "0 0 26 10");
	swatch.setAttribute("aria-hidden", "true");
	for (const [attribute, value] of Object.entries({ x1: 0, y1: 5, x2: 26, y2: 5, "stroke-width": 3,
		"stroke-dasharray": verdict.dash.join(" ") }))
		line.setAttribute(attribute, value);
	swatch.append(line);
	byId("verdicts").append(element("label", verdict.key, box, swatch, verdict.label));
}

// A page that nobody sees asks for nothing.
let asked = 0;
function tick() {
	if (document.hidden || Date.now() - asked < INTERVAL_MS)
		return;
	asked = Date.now();
	update();
}
document.addEventListener("visibilitychange", tick);
setInterval(tick, CHECK_MS);
tick();
