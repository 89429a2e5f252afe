#pragma once
// How files hold weights: plain numbers, or blocks of quantized ones, as floats by the definition of each type.
//
// Source of the layouts: ggml-common.h and the `dequantize_row_*` of ggml-quants.c in ggml-org/llama.cpp.
#include <stddef.h>
#include <stdint.h>

/// A type of weights; the numbers are those of GGUF (`enum ggml_type`).
typedef enum {
  SPUD_FROM_F32 = 0, SPUD_FROM_F16 = 1, SPUD_FROM_Q4_0 = 2, SPUD_FROM_Q4_1 = 3, SPUD_FROM_Q5_0 = 6, SPUD_FROM_Q5_1 = 7,
  SPUD_FROM_Q8_0 = 8, SPUD_FROM_Q8_1 = 9, SPUD_FROM_Q2_K = 10, SPUD_FROM_Q3_K = 11, SPUD_FROM_Q4_K = 12,
  SPUD_FROM_Q5_K = 13, SPUD_FROM_Q6_K = 14, SPUD_FROM_Q8_K = 15, SPUD_FROM_IQ2_XXS = 16, SPUD_FROM_IQ2_XS = 17,
  SPUD_FROM_IQ3_XXS = 18, SPUD_FROM_IQ1_S = 19, SPUD_FROM_IQ4_NL = 20, SPUD_FROM_IQ3_S = 21, SPUD_FROM_IQ2_S = 22,
  SPUD_FROM_IQ4_XS = 23, SPUD_FROM_F64 = 28, SPUD_FROM_IQ1_M = 29, SPUD_FROM_BF16 = 30, SPUD_FROM_TQ1_0 = 34,
  SPUD_FROM_TQ2_0 = 35, SPUD_FROM_MXFP4 = 39, SPUD_FROM_NVFP4 = 40, SPUD_FROM_Q1_0 = 41, SPUD_FROM_Q2_0 = 42,
} spud_encoding;

/// Values that one block holds, 1 for plain numbers; 0 for a number that is no type.
int64_t spud_block_length(spud_encoding encoding);
/// Bytes that one block takes; 0 for a number that is no type.
size_t spud_block_bytes(spud_encoding encoding);
/// Bytes of one row of `columns` values; 0 when the encoding cannot hold such a row.
size_t spud_row_bytes(spud_encoding encoding, int64_t columns);
/// Decodes one row, whole blocks, to floats, in the order of operations that the type's definition has.
void spud_decode_row(spud_encoding encoding, const uint8_t *row, int64_t columns, float *output);
/// One block as a scale and integers, where that is all it is: value = scale * quants. `quants` holds a block's length.
/// Returns 0 for the types that are more than that.
int32_t spud_decode_quants(spud_encoding encoding, const uint8_t *block, float *scale, int8_t *quants);
/// Q4_K's and Q5_K's 12 bytes as eight scales and eight minima, of six bits each.
void spud_decode_k_scales(const uint8_t *packed, uint8_t *scales, uint8_t *minima);

/// Encodes one row of floats, whole blocks. `importance` says how much an error in each column counts, `[columns]`, or
/// is NULL. Returns 0 for the types that are not written here.
int32_t spud_encode_row(spud_encoding encoding, const float *values, const float *importance, int64_t columns,
    uint8_t *row);
