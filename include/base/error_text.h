/* The system's words for an error: strerror(3), which costs 2 kB, for the errors that whit meets.
 */
#ifndef WHIT_BASE_ERROR_TEXT_H
#define WHIT_BASE_ERROR_TEXT_H

/* "unknown error" for an errno that has no row. */
const char *error_text(int error);

#endif
