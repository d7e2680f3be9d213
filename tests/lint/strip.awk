# C without its comments, line for line, so that a finding keeps its line number. With -v strings=no
# the string and character literals go as well, but for their quotes; with -v columns=keep there are
# blanks in place of all that goes, so that a finding keeps its column too.
function drop(dropped) {
	if (columns == "keep")
		out = out sprintf("%" length(dropped) "s", "")
}
{
	out = ""
	quote = ""
	for (i = 1; i <= length($0); i++) {
		c = substr($0, i, 1)
		two = substr($0, i, 2)
		if (comment) {
			if (two == "*/") {
				comment = 0
				i++
				drop(" ")
				out = out " "
			} else {
				drop(c)
			}
		} else if (quote != "") {
			if (c == "\\") {
				if (strings != "no")
					out = out two
				else
					drop(two)
				i++
			} else if (c == quote) {
				quote = ""
				out = out c
			} else if (strings != "no") {
				out = out c
			} else {
				drop(c)
			}
		} else if (two == "/*") {
			comment = 1
			i++
			drop(two)
		} else if (two == "//") {
			break
		} else {
			if (c == "\"" || c == "'")
				quote = c
			out = out c
		}
	}
	print out
}
