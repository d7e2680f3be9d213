/* The fuzz target, under the name that libFuzzer calls. */
#ifndef WHIT_TESTS_FUZZ_DIAGNOSIS_H
#define WHIT_TESTS_FUZZ_DIAGNOSIS_H

#include <stddef.h>

/* Looks into those bytes in every way; aborts where something does not hold. Returns 0. */
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t length);

#endif
