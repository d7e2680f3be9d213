# Makes the tables of tests/bench/README.md from samples, one a line: WHAT INIT NUMBER.
# -v inits="floor tini ..." (without whit), -v seconds=10.

# --- numbers ---

function sorted(name, list,    count, i, j, gap, held) {
	count = total[name]
	for (i = 1; i <= count; i++)
		list[i] = value[name, i]
	for (gap = int(count / 2); gap > 0; gap = int(gap / 2))
		for (i = gap + 1; i <= count; i++) {
			held = list[i]
			for (j = i; j > gap && list[j - gap] > held; j -= gap)
				list[j] = list[j - gap]
			list[j] = held
		}
	return count
}

# Between two samples where none is at the place.
function quantile(name, part,    list, count, place, low) {
	count = sorted(name, list)
	place = 1 + part * (count - 1)
	low = int(place)
	if (low >= count)
		return list[count]
	return list[low] + (place - low) * (list[low + 1] - list[low])
}

function mean(name,    i, sum) {
	for (i = 1; i <= total[name]; i++)
		sum += value[name, i]
	return sum / total[name]
}

# Pages come whole, so the median of a few runs hides half a page: those rows have the mean.
function middle(what, init) {
	return is_mean[what] ? mean(what " " init) : quantile(what " " init, 0.5)
}

# Names the list of the rounds' ratios: what the machine did in a round fell on both.
function ratios(what, init, other,    name, i, count) {
	name = "ratio " what " " init " " other
	if (name in total)
		return name
	count = total[what " " init]
	total[name] = 0
	for (i = 1; i <= count && i <= total[what " " other]; i++)
		if (value[what " " other, i] > 0)
			value[name, ++total[name]] = \
				value[what " " init, i] / value[what " " other, i]
	return name
}

function is_measured(what, init) {
	return total[what " " init] > 0
}

# "" where there is none.
function ratio(what, init, other) {
	if (!is_measured(what, init) || !is_measured(what, other) || middle(what, other) <= 0)
		return ""
	if (is_mean[what])
		return middle(what, init) / middle(what, other)
	return quantile(ratios(what, init, other), 0.5)
}

# What the init adds to a container in which the command is PID 1.
function derive_memory(count,    i, j, bare, with_init, name) {
	for (i = 0; i <= init_count; i++) {
		name = column(i)
		with_init = "memory_kb_" count " " name
		bare = "memory_kb_" count " none"
		for (j = 1; j <= total[with_init] && j <= total[bare]; j++)
			value["one_more_kb_" count " " name, j] = \
				value[with_init, j] - value[bare, j]
		total["one_more_kb_" count " " name] = j - 1
	}
}

# --- tables ---

function column(i) {
	return i == 0 ? "whit" : init_name[i]
}

function is_peer(name) {
	return name !~ /^(whit|again|before|floor|none)$/
}

function number(n, digits,    text, sign) {
	text = sprintf("%." digits "f", n)
	sign = sub(/^-/, "", text) ? "-" : ""
	while (match(text, /[0-9][0-9][0-9][0-9]($|[.,])/))
		text = substr(text, 1, RSTART) "," substr(text, RSTART + 1)
	return sign text
}

function cell(what, init, digits) {
	return is_measured(what, init) ? number(middle(what, init), digits) : "-"
}

# With the ratio to the floor.
function full_cell(what, init, digits,    times) {
	times = init == "floor" ? "" : ratio(what, init, "floor")
	return cell(what, init, digits) (times == "" ? "" : sprintf(" (%.2f)", times))
}

function print_head(first,    i, line, rule) {
	line = first
	rule = first
	gsub(/[^|]+/, "---", rule)
	for (i = 0; i <= init_count; i++) {
		line = line " " column(i) " |"
		rule = rule "---|"
	}
	print line
	print rule
}

function row(what, label, digits,    i, line) {
	if (!is_measured(what, "whit"))
		return
	line = "| " label " |"
	for (i = 0; i <= init_count; i++)
		line = line " " full_cell(what, column(i), digits) " |"
	print line
	row_label[what] = label
	row_names[++row_count] = what
}

function scaled_row(label, what, factor, digits,    i, line) {
	line = "| " label " |"
	for (i = 0; i <= init_count; i++)
		line = line (is_measured(what, column(i)) ? \
			" " number(middle(what, column(i)) * factor, digits) " |" : " - |")
	print line
}

# --- what is aimed at ---

# A ratio to the floor, or with is_absolute the number.
function seen(what, init, is_absolute) {
	return is_absolute ? (is_measured(what, init) ? middle(what, init) : "") : \
		ratio(what, init, "floor")
}

function best_peer(what, is_absolute,    i, best, best_name, this) {
	for (i = 1; i <= init_count; i++) {
		this = is_peer(column(i)) ? seen(what, column(i), is_absolute) : ""
		if (this != "" && (best_name == "" || this < best)) {
			best = this
			best_name = column(i)
		}
	}
	return best_name
}

function aim(what, label, at_most, is_absolute,    digits, peer, list, now) {
	now = seen(what, "whit", is_absolute)
	if (now == "")
		return
	digits = is_absolute ? 1 : 2
	peer = best_peer(what, is_absolute)
	list = ratios(what, "whit", "floor")
	aims++
	aims_met += now <= at_most
	printf "| %s | %s | %s | %s | %s | %s | %s |\n", label,
		is_measured(what, "before") ? number(seen(what, "before", is_absolute), digits) : "-",
		peer == "" ? "-" : number(seen(what, peer, is_absolute), digits) " " peer,
		number(at_most, digits), number(now, digits), is_mean[what] ? "-" : \
		sprintf("%.2f to %.2f", quantile(list, 0.25), quantile(list, 0.75)),
		now <= at_most ? "yes" : "no"
}

function print_aims() {
	print "### Aims: ratios to the floor\n"
	print "| what | before | best peer | at most | whit | middle half of its rounds | met |"
	print "|---|---|---|---|---|---|---|"
	aim("backlog_ns_2000", "reap a backlog beside 2,000 live children", 1.05)
	aim("single_ns_2000", "reap one by one beside 2,000 live children", 0.80)
	aim("backlog_ns_0", "reap a backlog", 1.05)
	aim("storm_ns_1000", "storm of orphans, CPU per reap", 1.30)
	aim("latency_us", "signal latency", 1.05)
	aim("burst_ns", "burst of 100 real-time signals, CPU per signal", 1.02)
	aim("run_us", "start and end of an empty command", 1.15)
	aim("run_cpu_us", "the init's own CPU in that", 1.28)
	aim("end_us", "from the command's end to the init's", 1.20)
	aim("one_more_kb_1000", "memory that one more init costs", 1.10)
	aim("faults", "minor page faults: the number", 4, 1)
	aim("rss_kb", "resident, KiB: the number", 48, 1)
	aim("dirty_kb", "private and dirty, KiB: the number", 12.5, 1)
	printf "\n%d of %d are met.\n", aims_met, aims
}

# From below 0 to above 0: no difference that these rounds can tell.
function middle_half(what, peer,    list) {
	list = ratios(what, "whit", peer)
	if (is_mean[what] || total[list] < 2)
		return ""
	return sprintf(" (middle half of the rounds: %.0f to %.0f %%)", \
		(quantile(list, 0.25) - 1) * 100, (quantile(list, 0.75) - 1) * 100)
}

# Lower is better in every row.
function print_rows_behind(    i, j, what, peer, times, found) {
	print "\n### Rows in which a peer is ahead by more than 3 %\n"
	for (i = 1; i <= row_count; i++) {
		what = row_names[i]
		for (j = 1; j <= init_count; j++) {
			peer = column(j)
			times = is_peer(peer) ? ratio(what, "whit", peer) : ""
			if (times != "" && times > 1.03) {
				printf "- %s: %s, by %.0f %%%s\n", row_label[what], peer, \
					(times - 1) * 100, middle_half(what, peer)
				found = 1
			}
		}
	}
	if (!found)
		print "None."
}

{
	value[$1 " " $2, ++total[$1 " " $2]] = $3
}

END {
	init_count = split(inits, init_name, " ")
	split("rss_kb dirty_kb faults one_more_kb_100 one_more_kb_1000", names, " ")
	for (i in names)
		is_mean[names[i]] = 1
	derive_memory(100)
	derive_memory(1000)

	print_aims()

	print "\n### All figures, in brackets the ratio to the floor\n"
	print_head("| what |")
	row("run_us", "start and end of an empty command, µs", 0)
	row("run_cpu_us", "the init's own CPU in that, µs", 0)
	row("end_us", "from the command's end to the init's, µs", 0)
	row("latency_us", "signal latency, to the command's handler, µs", 1)
	row("burst_ns", "burst of 100 real-time signals: CPU per signal, ns", 0)
	row("storm_ns_1000", "storm of 1,000 orphans: CPU per reap, ns", 0)
	row("backlog_ns_0", "backlog of 1,000 orphans: CPU per reap, ns", 0)
	row("backlog_ns_2000", "the same beside 2,000 live children", 0)
	row("single_ns_0", "orphans one by one: CPU per reap, ns", 0)
	row("single_ns_2000", "the same beside 2,000 live children", 0)
	row("rss_kb", "resident while idle, KiB", 1)
	row("dirty_kb", "of that private and dirty, KiB", 1)
	row("faults", "minor page faults", 1)
	row("one_more_kb_1000", "memory that one more init costs the machine, KiB", 0)
	row("size", "file, bytes", 0)
	row("calls_start", "system calls until the command's exec", 0)
	row("calls_deaf", "system calls before signals are blocked", 0)
	row("calls_signal", "system calls per signal", 2)
	row("calls_single", "system calls per reap, one by one", 2)
	row("calls_backlog", "system calls per reap, in a backlog", 2)
	row("returns_signal", "returns behind a system call, per signal", 0)
	row("returns_single", "returns behind a system call, per reap", 0)
	row("wakeups", "wake-ups in " seconds " idle seconds", 0)

	print_rows_behind()
	if (!is_measured("flood_ns", "whit"))
		exit

	print "\n### How the cost grows, in brackets the ratio to the floor\n"
	print_head("| what |")
	row("storm_ns_1000", "storm: CPU per reap of 1,000 orphans, ns", 0)
	row("storm_ns_10000", "of 10,000", 0)
	row("storm_ns_100000", "of 100,000: ten times 10,000", 0)
	row("backlog_ns_0", "backlog: CPU per reap beside no live child, ns", 0)
	row("backlog_ns_2000", "beside 2,000", 0)
	row("backlog_ns_10000", "beside 10,000", 0)
	row("single_ns_0", "one by one: CPU per reap beside no live child, ns", 0)
	row("single_ns_2000", "beside 2,000", 0)
	row("single_ns_10000", "beside 10,000", 0)
	row("burst_ns", "CPU per signal of bursts of 100, ns", 0)
	row("flood_ns", "of bursts of 1,000", 0)
	row("one_more_kb_100", "memory of each of 100 idle inits, KiB", 0)
	row("one_more_kb_1000", "of each of 1,000", 0)

	print "\n### On paper, from these figures\n"
	print_head("| what the inits cost |")
	scaled_row("a node of 1,000 containers: memory, MiB", "one_more_kb_1000", 1000 / 1024, 0)
	scaled_row("the same: CPU to start and end all, s", "run_cpu_us", 1000 / 1e6, 2)
	scaled_row("a cluster of 1,000,000: memory, GiB", "one_more_kb_1000", 1e6 / 1048576, 0)
	scaled_row("the same: wake-ups a second", "wakeups", 1e6 / seconds, 0)
	scaled_row("the same: CPUs that are busy with being idle", "idle_cpu_us", 1 / seconds, 1)
}
