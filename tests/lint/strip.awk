# C without its comments, line for line, so that a finding keeps its line number. With -v strings=no
# the string and character literals go as well, but for their quotes.
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
				out = out " "
			}
		} else if (quote != "") {
			if (c == "\\") {
				if (strings != "no")
					out = out two
				i++
			} else {
				if (c == quote)
					quote = ""
				if (strings != "no" || quote == "")
					out = out c
			}
		} else if (two == "/*") {
			comment = 1
			i++
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
