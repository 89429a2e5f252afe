#pragma once
// What pack.c hands to pack_blocks.c, the formats of block_formats.h, and how both turn rows: words of four rows become
// rows of four words. Written with the compiler's vectors, which every processor has.
#include "common.h"

typedef uint32_t words __attribute__((vector_size(16)));

SPUD_INLINE words load_words(const uint8_t *bytes) {
  words four;
  memcpy(&four, bytes, sizeof four);
  return four;
}

/// Word j of each row becomes a word of `turned[j]`.
SPUD_INLINE void transpose(const words rows[4], words turned[4]) {
  const words low = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5);
  const words high = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7);
  const words low2 = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5);
  const words high2 = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
  turned[0] = __builtin_shufflevector(low, low2, 0, 1, 4, 5);
  turned[1] = __builtin_shufflevector(low, low2, 2, 3, 6, 7);
  turned[2] = __builtin_shufflevector(high, high2, 0, 1, 4, 5);
  turned[3] = __builtin_shufflevector(high, high2, 2, 3, 6, 7);
}

/// Packs `rows` rows of a file's blocks of the same type; see spud_pack_rows.
void spud_pack_block_rows(spud_format format, uint8_t *panel, int64_t row, const uint8_t *source, size_t row_bytes,
    int64_t rows, int64_t columns);
/// Reads one row of a panel back; see spud_unpack_row.
void spud_unpack_block_row(spud_format format, const uint8_t *panel, int64_t row, int64_t columns, float *output);
