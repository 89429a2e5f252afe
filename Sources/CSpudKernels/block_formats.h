#pragma once
// How panels hold the formats whose blocks have scales, and sometimes minima, of their own inside: each as the file has
// it, bit for bit, in another order.
//
// A unit is a file's block for each of 32 rows. It begins with a header: each of the block's bytes of scales, for 32
// rows ([32] halves, then [bytes][32]). For each 32 columns follow their codes, in lines of [32 rows][4 columns], of
// which a format has one kind or two:
//
//   nibbles  4 lines: of the eight groups of four columns, 2j and 2j + 1 in the lower and upper halves of line j
//   pairs    2 lines: groups 4j … 4j + 3, two bits each, the third lowest, then the fourth, the first, the second, in
//            line j: above the nibbles that they belong to
//   bits     1 line: one bit for each group, the first lowest
//   triples  3 lines, three bits for each group: 0 and 1 in bits 0 … 2 and 5 … 7 of the first, 2 and 3 likewise in the
//            second, 4 and 5 in bits 2 … 4 and 5 … 7 of the third; the lower two bits of groups 6 and 7 in bits 3 and 4
//            of the first and of the second, their upper ones in bits 0 and 1 of the third: so that most codes take
//            one instruction to single out
//
// Lines stand in the order in which a kernel needs them: bits, pairs 0, nibbles 0 and 1, pairs 1, nibbles 2 and 3.
#include "common.h"

/// What a unit of a format is made of.
typedef struct {
  int blocks;              ///< of 32 columns
  int header;              ///< bytes
  int nibbles, pairs, bits, triples;///< whether it has such lines; a code's lowest bits are in the first
  int halves;              ///< scales of a block: one, or one for each 16 columns
  int minima;              ///< value = scale * code + minimum, as many minima as scales
  int raise;               ///< else value = scale * (code - (128 >> raise)), or, of a table, scale * table[code]
  const int8_t *table;
} spud_shape;

static const int8_t spud_uneven_values[16] = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
};
static const int8_t spud_e2m1_values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

SPUD_INLINE spud_shape spud_shape_of(spud_format format) {
  enum { ROWS = SPUD_PANEL_ROWS };
  switch (format) {
    case SPUD_Q4_K: return (spud_shape){8, (2 + 2 + 12) * ROWS, 1, 0, 0, 0, 1, 1, 0, NULL};
    case SPUD_Q5_K: return (spud_shape){8, (2 + 2 + 12) * ROWS, 1, 0, 1, 0, 1, 1, 0, NULL};
    case SPUD_Q6_K: return (spud_shape){8, (2 + 16) * ROWS, 1, 1, 0, 0, 2, 0, 2, NULL};
    case SPUD_Q3_K: return (spud_shape){8, (2 + 12) * ROWS, 0, 0, 0, 1, 2, 0, 5, NULL};
    case SPUD_Q2_K: return (spud_shape){8, (2 + 2 + 16) * ROWS, 0, 1, 0, 0, 2, 1, 0, NULL};
    case SPUD_Q4_1: return (spud_shape){1, (2 + 2) * ROWS, 1, 0, 0, 0, 1, 1, 0, NULL};
    case SPUD_Q5_0: return (spud_shape){1, 2 * ROWS, 1, 0, 1, 0, 1, 0, 3, NULL};
    case SPUD_Q5_1: return (spud_shape){1, (2 + 2) * ROWS, 1, 0, 1, 0, 1, 1, 0, NULL};
    case SPUD_IQ4_XS: return (spud_shape){8, (2 + 2 + 4) * ROWS, 1, 0, 0, 0, 1, 0, 0, spud_uneven_values};
    case SPUD_IQ4_NL: return (spud_shape){1, 2 * ROWS, 1, 0, 0, 0, 1, 0, 0, spud_uneven_values};
    // Its power of two stands there as a bfloat16, a byte more than the file's, so that units are whole lines.
    case SPUD_MXFP4: return (spud_shape){1, 2 * ROWS, 1, 0, 0, 0, 1, 0, 0, spud_e2m1_values};
    default: return (spud_shape){0};
  }
}

enum { SPUD_LINE_BYTES = SPUD_PANEL_ROWS * 4 };

/// Bytes of the codes of 32 columns.
SPUD_INLINE int spud_code_bytes(spud_shape shape) {
  return SPUD_LINE_BYTES * (4 * shape.nibbles + 2 * shape.pairs + shape.bits + 3 * shape.triples);
}
/// Where the line of pairs that has a group begins, and the line of nibbles. (That of bits comes first.)
SPUD_INLINE int spud_pairs_of(spud_shape shape, int group) {
  return SPUD_LINE_BYTES * (shape.bits + group / 4 * (1 + 2 * shape.nibbles));
}
/// The first of a group's bits in its line of pairs.
SPUD_INLINE int spud_pair_bit(int group) { return (group + 2) % 4 * 2; }
SPUD_INLINE int spud_nibbles_of(spud_shape shape, int group) {
  return SPUD_LINE_BYTES * (shape.bits + (group / 4 + 1) * shape.pairs + group / 2);
}

SPUD_INLINE int spud_shape_bytes(spud_shape shape) { return shape.header + shape.blocks * spud_code_bytes(shape); }
