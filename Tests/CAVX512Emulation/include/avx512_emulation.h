#pragma once
#include <stdint.h>

// Linking this module gives InstructionSet its `emulatedAVX512`: nothing has to be called.

/// How many operations this thread's emulated instructions for int8 and bfloat16 have done, a multiply-add being two.
int64_t spud_emulated_operations(void);
