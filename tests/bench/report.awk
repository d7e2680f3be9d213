# Makes the README's tables of samples, one a line: WHAT INIT NUMBER. Targets stand beside what they
# are for; whether they are met is computed. -v inits="floor tini ..." (without whit), -v seconds=10.

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

function median(name) {
	return quantile(name, 0.5)
}

# The median of the rounds' ratios: what the machine did in a round fell on both.
function ratio(what, init, other,    name, i, count) {
	name = "ratio " what " " init " " other
	if (!(name in total)) {
		count = total[what " " init]
		total[name] = 0
		for (i = 1; i <= count && i <= total[what " " other]; i++)
			if (value[what " " other, i] > 0)
				value[name, ++total[name]] = \
					value[what " " init, i] / value[what " " other, i]
	}
	return total[name] == 0 ? "" : median(name)
}

function number(n, digits,    text, sign) {
	text = sprintf("%." digits "f", n)
	sign = sub(/^-/, "", text) ? "-" : ""
	while (match(text, /[0-9][0-9][0-9][0-9]($|[.,])/))
		text = substr(text, 1, RSTART) "," substr(text, RSTART + 1)
	return sign text
}

function cell(what, init, digits) {
	if (total[what " " init] == 0)
		return "-"
	return number(median(what " " init), digits)
}

function print_head(first,    i, line, rule) {
	line = first
	rule = first
	gsub(/[^|]+/, "---", rule)
	for (i = 1; i <= init_count; i++) {
		line = line " " init_name[i] " |"
		rule = rule "---|"
	}
	print line
	print rule
}

function print_cells(line, what, digits,    i) {
	for (i = 1; i <= init_count; i++)
		line = line " " cell(what, init_name[i], digits) " |"
	print line
}

# at_most: a number; or, with by_floor, a multiple of the floor's.
function row(label, what, digits, by_floor, at_most,    target, seen, met, times) {
	times = ratio(what, "whit", "floor")
	target = by_floor ? sprintf("%.2f × floor", at_most) : number(at_most, digits)
	if (total[what " whit"] == 0 || (by_floor && times == "")) {
		met = "not measured"
	} else {
		seen = by_floor ? times : median(what " whit")
		met = seen <= at_most ? "yes" : "no"
		targets++
		targets_met += met == "yes"
	}
	print_cells("| " label " | " cell(what, "whit", digits) " | " \
		(times == "" ? "-" : sprintf("%.2f", times)) " | " target " | " met " |", what, digits)
}

function spread_row(label, what, digits,    i, line, name) {
	line = "| " label " |"
	for (i = 0; i <= init_count; i++) {
		name = what " " (i == 0 ? "whit" : init_name[i])
		line = line (total[name] == 0 ? " - |" : " " number(quantile(name, 0.25), digits) \
			" to " number(quantile(name, 0.75), digits) " |")
	}
	print line
}

function growth_row(label, what, digits) {
	if (total[what " whit"] > 0)
		print_cells("| " label " | " cell(what, "whit", digits) " |", what, digits)
}

# What the init adds to a container whose command is PID 1 itself.
function derive_memory(count,    i, j, bare, with_init, name) {
	for (i = 0; i <= init_count; i++) {
		name = i == 0 ? "whit" : init_name[i]
		with_init = "memory_kb_" count " " name
		bare = "memory_kb_" count " none"
		for (j = 1; j <= total[with_init] && j <= total[bare]; j++)
			value["one_more_kb_" count " " name, j] = \
				value[with_init, j] - value[bare, j]
		total["one_more_kb_" count " " name] = j - 1
	}
}

function paper_row(label, what, factor, digits,    i, line, name) {
	line = "| " label " |"
	for (i = 0; i <= init_count; i++) {
		name = what " " (i == 0 ? "whit" : init_name[i])
		line = line (total[name] == 0 ? " - |" : \
			" " number(median(name) * factor, digits) " |")
	}
	print line
}

{
	value[$1 " " $2, ++total[$1 " " $2]] = $3
}

END {
	init_count = split(inits, init_name, " ")
	derive_memory(1)
	derive_memory(100)
	derive_memory(1000)

	print_head("| what | whit | × floor | target: at most | met |")
	row("binary, stripped, bytes", "size", 0, 0, 32768)
	row("resident while idle, KiB", "rss_kb", 0, 0, 40)
	row("of that private and dirty, KiB", "dirty_kb", 0, 0, 12)
	row("memory that one more init costs the machine, KiB", "one_more_kb_100", 0, 0, 70)
	row("start and end of an empty command, µs", "run_us", 0, 1, 1.15)
	row("the init's own CPU in that, µs", "run_cpu_us", 0, 1, 1.25)
	row("system calls until the command's exec", "calls_start", 0, 0, 14)
	row("minor page faults", "faults", 0, 0, 9)
	row("system calls before signals are blocked", "calls_deaf", 0, 0, 2)
	row("wake-ups in " seconds " idle seconds", "wakeups_1", 0, 0, 0)
	row("CPU per reap in a storm of 1,000 orphans, ns", "reap_ns", 0, 1, 1.05)
	row("system calls per reap, in a backlog", "calls_backlog", 2, 0, 1.1)
	row("system calls per reap, one by one", "calls_reap", 2, 0, 3)
	row("signal latency, to the command's handler, µs", "latency_us", 1, 1, 1.03)
	row("system calls per signal", "calls_signal", 2, 0, 2)
	row("burst of 100 real-time signals: CPU per signal, ns", "burst_ns", 0, 1, 1.05)
	row("from the command's end to the init's, µs", "end_us", 0, 1, 1.15)
	printf "\n%d of %d targets are met.\n", targets_met, targets

	print "\nThe middle half of the samples:\n"
	print_head("| what | whit |")
	spread_row("start and end, µs", "run_us", 0)
	spread_row("CPU in that, µs", "run_cpu_us", 0)
	spread_row("resident, KiB", "rss_kb", 0)
	spread_row("private and dirty, KiB", "dirty_kb", 0)
	spread_row("CPU per reap, ns", "reap_ns", 0)
	spread_row("signal latency, µs", "latency_us", 1)
	spread_row("CPU per signal, ns", "burst_ns", 0)
	spread_row("end to end, µs", "end_us", 0)

	print "\nHow the cost grows:\n"
	print_head("| what | whit |")
	growth_row("CPU per reap, 1,000 orphans at once, ns", "reap_ns", 0)
	growth_row("the same, 10,000 at once", "reap_ns_10k", 0)
	growth_row("the same, 100,000, ten times 10,000", "reap_ns_100k", 0)
	growth_row("the same, 1,000 beside 2,000 that live on", "reap_ns_beside", 0)
	growth_row("CPU per signal, a burst of 100, ns", "burst_ns", 0)
	growth_row("the same, a flood of 20 times 1,000", "flood_ns", 0)
	growth_row("memory of each of 100 idle inits, KiB", "one_more_kb_100", 0)
	growth_row("memory of each of 1,000 idle inits, KiB", "one_more_kb_1000", 0)
	growth_row("wake-ups of 1 init in " seconds " s", "wakeups_1", 0)
	growth_row("wake-ups of 100 inits in " seconds " s", "wakeups_100", 0)
	growth_row("wake-ups of 1,000 inits in " seconds " s", "wakeups_1000", 0)

	if (total["wakeups_1000 whit"] == 0)
		exit
	print "\nOn paper, from these figures:\n"
	print_head("| what the inits cost | whit |")
	paper_row("a node of 1,000 containers: memory, MiB", "one_more_kb_1000", 1000 / 1024, 0)
	paper_row("the same: wake-ups a second", "wakeups_1000", 1 / seconds, 0)
	paper_row("the same: CPU to start and end all, s", "run_cpu_us", 1000 / 1e6, 2)
	paper_row("a cluster of 1,000,000: memory, GiB", "one_more_kb_1000", 1e6 / 1048576, 0)
	paper_row("the same: wake-ups a second", "wakeups_1000", 1000 / seconds, 0)
	paper_row("the same: CPUs that are busy with being idle", "idle_cpu_us_1000", \
		1e6 / 1e6 / seconds, 1)
}
