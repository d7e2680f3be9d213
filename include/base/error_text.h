/* The system's words for the errors that whit meets; strerror(3) costs 2 kB. */
#pragma once

/* "unknown error" for an errno that has no row. */
const char *error_text(int error);
