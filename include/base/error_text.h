/* The system's words for an error: strerror(3), which costs 2 kB, for the errors that whit meets.
 */
#pragma once

/* "unknown error" for an errno that has no row. */
const char *error_text(int error);
