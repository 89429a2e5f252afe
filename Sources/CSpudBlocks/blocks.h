#pragma once
// The decoders of the types that take a file of their own.
#include "spud_blocks.h"
#include "spud_numbers.h"

// A product and a sum round twice, as everywhere that these formats are read.
#pragma STDC FP_CONTRACT OFF

extern const int8_t spud_iq4_values[16];

void spud_decode_q2_k(const uint8_t *block, float *output);
void spud_decode_q3_k(const uint8_t *block, float *output);
void spud_decode_q4_k(const uint8_t *block, float *output);
void spud_decode_q5_k(const uint8_t *block, float *output);
void spud_decode_q6_k(const uint8_t *block, float *output);
void spud_decode_q8_k(const uint8_t *block, float *output);
void spud_decode_iq1_s(const uint8_t *block, float *output);
void spud_decode_iq1_m(const uint8_t *block, float *output);
void spud_decode_iq2_xxs(const uint8_t *block, float *output);
void spud_decode_iq2_xs(const uint8_t *block, float *output);
void spud_decode_iq2_s(const uint8_t *block, float *output);
void spud_decode_iq3_xxs(const uint8_t *block, float *output);
void spud_decode_iq3_s(const uint8_t *block, float *output);
void spud_decode_iq4_xs(const uint8_t *block, float *output);
