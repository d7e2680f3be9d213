# All the small ways to break one C file, one on a line: OFFSET LENGTH LINE KIND REPLACEMENT, with tabs
# between. Reads the file itself and then the same without comments and strings (strip.awk with
# columns=keep), which is where it looks, so that no text is broken that is only read by people.
#
#	awk -f mutants.awk FILE STRIPPED

FNR == NR {
	source = source $0 "\n"
	next
}
{
	# Of the preprocessor's lines the constants are code.
	if ($0 ~ /^#/ && $0 !~ /^#define [A-Za-z_]+ /)
		gsub(/./, " ")
	# What is checked at compile time cannot be broken by half.
	if ($0 ~ /_Static_assert|__attribute__/)
		gsub(/./, " ")
	line_start[FNR] = length(code) + 1
	line[FNR] = $0
	lines = FNR
	code = code $0 "\n"
}

function emit(at, size, kind, replacement) {
	while (line_number < lines && line_start[line_number + 1] <= at)
		line_number++
	while (line_start[line_number] > at)
		line_number--
	gsub(/[\n\t]+/, " ", replacement)
	printf "%d\t%d\t%d\t%s\t%s\n", at - 1, size, line_number, kind, replacement
}

# Where the parenthesis that opens there is closed.
function closing(at, depth, c) {
	for (depth = 0; at <= length(code); at++) {
		c = substr(code, at, 1)
		if (c == "(")
			depth++
		if (c == ")" && --depth == 0)
			return at
	}
	return 0
}

# A single == or != or ! is negated by what is done to every operator.
function negate(at, end, condition) {
	end = closing(at)
	condition = substr(source, at, end - at + 1)
	if (condition !~ /&&|[|][|]/ && condition ~ /[=!]=|^\(!/)
		return
	emit(at, end - at + 1, "condition negated", "(!" condition ")")
}

# A return of something that is neither a plain number nor a comparison, which are broken elsewhere.
function change_return(at, end, value) {
	end = index(substr(code, at), ";") + at - 1
	value = substr(source, at + 7, end - at - 7)
	if (value == "true" || value == "false")
		emit(at + 7, length(value), "return changed", value == "true" ? "false" : "true")
	else if (value == "0" || value == "-1")
		emit(at + 7, length(value), "return changed", value == "0" ? "-1" : "0")
	else if (value ~ /[(]/ && value !~ /^\(?(int|unsigned|size_t)?\)?[A-Z_]*$|[=<>] |&& |[|][|] |^"/)
		emit(at + 7, length(value), "return changed", "!(" value ")")
}

# A statement that is a call or an assignment, by the way it begins and by what is before it. In front
# of it, "while (0)" drops it and leaves an else that follows where it is.
function drop_statement(number, text, before, indent) {
	text = line[number]
	if (text !~ /^\t+(\(void\)!?)?[a-z_][a-z_0-9]*\(/ &&
		text !~ /^\t+[*]?[a-z_][A-Za-z_0-9.>\[\]-]* ([|&+-]|<<|>>)?= /)
		return
	if (text ~ /^\t+(if|while|for|switch|return|sizeof)[^a-z_]/)
		return
	before = previous_code(number)
	if (before !~ /([;{}:)]|else|do)$/)
		return
	match(text, /^\t+/)
	indent = RLENGTH
	emit(line_start[number] + indent, 0, "statement dropped", "while (0) ")
}

function previous_code(number, text) {
	while (--number > 0) {
		text = line[number]
		sub(/[ \t]+$/, "", text)
		if (text != "")
			return text
	}
	return ""
}

END {
	swap["=="] = "!="
	swap["!="] = "=="
	swap["<="] = "<"
	swap[">="] = ">"
	swap["&&"] = "||"
	swap["||"] = "&&"
	swap["++"] = "--"
	swap["--"] = "++"
	swap["+="] = "-="
	swap["-="] = "+="
	swap["|="] = "&="
	swap["&="] = "|="
	swap["<"] = "<="
	swap[">"] = ">="
	swap["+"] = "-"
	swap["-"] = "+"
	swap["&"] = "|"
	swap["*"] = "/"
	swap["/"] = "*"
	line_number = 1

	for (at = 1; at <= length(code); at++) {
		c = substr(code, at, 1)
		if (c ~ /[A-Za-z_]/) {
			match(substr(code, at), /^[A-Za-z_0-9]+/)
			word = substr(code, at, RLENGTH)
			after = substr(code, at + RLENGTH, 2)
			if ((word == "if" || word == "while") && after == " (")
				negate(at + RLENGTH + 1)
			else if (word == "return" && after ~ /^ /)
				change_return(at)
			else if ((word == "return" || word == "break" || word == "continue") &&
				after ~ /^;/)
				emit(at, RLENGTH, word " dropped", "")
			at += RLENGTH - 1
			continue
		}
		if (c ~ /[0-9]/) {
			match(substr(code, at), /^[0-9][A-Za-z0-9]*/)
			word = substr(code, at, RLENGTH)
			if (substr(code, at - 7, 8 + RLENGTH) !~ /^return 0;/ &&
				substr(code, at - 8, 9 + RLENGTH) !~ /^return -1;/)
				emit(at, RLENGTH, "constant moved", "(" word " + 1)")
			at += RLENGTH - 1
			continue
		}
		two = substr(code, at, 2)
		if (two == "->" || two == "<<" || two == ">>") {
			at++
		} else if (two in swap) {
			emit(at, 2, "operator changed", swap[two])
			at++
		} else if (c == "!") {
			emit(at, 1, "negation dropped", "")
		} else if (c == "|" && match(substr(code, at), /^[|] [A-Z_0-9]+/)) {
			emit(at, RLENGTH, "flag dropped", "")
		} else if (c in swap && substr(code, at - 1, 1) == " " &&
			substr(code, at + 1, 1) == " ") {
			emit(at, 1, "operator changed", swap[c])
		}
	}
	for (number = 2; number <= lines; number++)
		drop_statement(number)
}
