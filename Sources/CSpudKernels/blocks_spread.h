// From the formats of block_formats.h to bytes and floating scales, for one instruction set. Before it the instruction
// set defines
//
//   halves16            16 floats from as many halves
//   factor16, codes     what becomes of 16 scales: what its tiles scale with; and code_bytes (format, lines, group,
//                       part): codes of four columns for TILE_LANES rows, as its tiles want them; or GENERIC_CODES and
//                       look_up (table, codes), for those below
#include "block_formats.h"
#include "vectors.h"

/// Scales and minima of 32 columns and 32 rows, spread.
typedef struct {
  float factors[2][SPUD_PANEL_ROWS];  ///< of the first and the second 16 columns, or of all 32; see factor16
  float minima[2][SPUD_PANEL_ROWS];
} block_scales;

enum { CODE_PARTS = SPUD_PANEL_ROWS / TILE_LANES, SPREAD_BYTES = SPUD_PANEL_ROWS * SPUD_BLOCK, SPREAD_BLOCKS = 16 };

SPUD_INLINE code_bytes load_codes(const uint8_t *from) { return *(const code_bytes *)from; }

SPUD_INLINE f32x16 bf16s16(const uint8_t *from) {
  return (f32x16)(__builtin_convertvector(*(const u16x16 *)from, i32x16) << 16);
}

#ifdef GENERIC_CODES
SPUD_INLINE f32x16 factor16(f32x16 scales, spud_shape shape) {
  (void)shape;
  return scales;
}

/// Codes as they are, from zero; of a table, the signed values.
SPUD_INLINE code_bytes codes(const spud_format format, const uint8_t *lines, const int group, const int part) {
  const spud_shape shape = spud_shape_of(format);
  const uint8_t *const at = lines + part * sizeof(code_bytes);
  code_bytes code = {0};
  if (shape.nibbles) {
    const code_bytes two = load_codes(at + spud_nibbles_of(shape, group));
    code = group % 2 ? two >> 4 : two & 15;
  }
  if (shape.pairs) {
    const code_bytes four = load_codes(at + spud_pairs_of(shape, group));
    code |= (four >> spud_pair_bit(group) & 3) << (shape.nibbles ? 4 : 0);
  }
  if (shape.bits) code |= (load_codes(at) >> group & 1) << 4;
  if (shape.triples) {
    if (group < 6) return load_codes(at + group / 2 * SPUD_LINE_BYTES) >> (group % 2 ? 5 : group == 4 ? 2 : 0) & 7;
    const code_bytes low = load_codes(at + (group - 6) * SPUD_LINE_BYTES), high = load_codes(at + 2 * SPUD_LINE_BYTES);
    return (low >> 3 & 3) | (high << (8 - group) & 4);
  }
  return shape.table ? look_up(shape.table, code) : code;
}
#endif

// ---- Scales ----

SPUD_INLINE f32x16 floats_of_bytes(const uint8_t *from, int is_signed) {
  return is_signed ? __builtin_convertvector(*(const i8x16 *)from, f32x16)
                   : __builtin_convertvector(*(const u8x16 *)from, f32x16);
}

SPUD_INLINE u8x64 load_bytes(const uint8_t *from) { return *(const u8x64 *)from; }

/// The six-bit scales or minima of blocks `i` and `i + 1` of Q4_K and Q5_K.
SPUD_INLINE u8x64 six_bits(const uint8_t *packed, int i, int minimum) {
  if (i < 4) return load_bytes(packed + (i + 4 * minimum) * 32) & 63;
  const u8x64 low = load_bytes(packed + (i + 4) * 32), high = load_bytes(packed + (i - 4 + 4 * minimum) * 32);
  return (minimum ? low >> 4 : low & 15) | high >> 6 << 4;
}

/// The integer scales of parts `i` and `i + 1`, of 16 or 32 columns each, of a unit, for 32 rows; `minimum` asks for
/// the minima.
SPUD_INLINE u8x64 integer_scales(const spud_format format, const uint8_t *unit, int i, int minimum) {
  switch (format) {
    case SPUD_Q4_K: case SPUD_Q5_K: return six_bits(unit + 128, i, minimum);
    case SPUD_Q3_K: {
      const u8x64 low = load_bytes(unit + 64 + i % 8 * 32), high = load_bytes(unit + 64 + (8 + i % 4) * 32);
      return ((i < 8 ? low & 15 : low >> 4) | (high >> i / 4 * 2 & 3) << 4) - 32;
    }
    case SPUD_Q2_K: {
      const u8x64 both = load_bytes(unit + 128 + 32 * i);
      return minimum ? both >> 4 : both & 15;
    }
    default: {  // IQ4_XS
      const u8x32 both = *(const u8x32 *)(unit + 128 + i / 2 * 32);
      const u8x32 four = *(const u8x32 *)(unit + 64 + i / 4 * 32) >> i % 4 * 2;
      union { u8x32 halves[2]; u8x64 all; } scales = {
          {(both & 15) | (four & 3) << 4, both >> 4 | (four << 2 & 0x30)}};
      return scales.all - 32;
    }
  }
}

SPUD_INLINE int has_signed_scales(spud_format format) {
  return format == SPUD_Q6_K || format == SPUD_Q3_K || format == SPUD_IQ4_XS;
}

/// The integer scales of a unit, or its minima, as [blocks * halves][32] bytes: written to `to`, or where they are.
SPUD_INLINE const uint8_t *scales_of(const spud_format format, const uint8_t *unit, int minimum, uint8_t *to) {
  const spud_shape shape = spud_shape_of(format);
  if (format == SPUD_Q6_K) return unit + 64;
  SPUD_EACH(pair, shape.blocks * shape.halves / 2) {
    *(u8x64 *)(to + 64 * pair) = integer_scales(format, unit, 2 * pair, minimum);
  }
  return to;
}

/// The scales of a unit's blocks.
SPUD_INLINE void spread_scales(const spud_format format, const uint8_t *unit, block_scales *to) {
  const spud_shape shape = spud_shape_of(format);
  f32x16 d[2], m[2];
  SPUD_EACH(h, 2) {
    d[h] = format == SPUD_MXFP4 ? bf16s16(unit + 32 * h) : halves16(unit + 32 * h);
    m[h] = shape.minima ? halves16(unit + 64 + 32 * h) : d[h];
  }
  if (shape.blocks == 1) {
    SPUD_EACH(h, 2) {
      store16(to->factors[0] + 16 * h, factor16(d[h], shape));
      if (shape.minima) store16(to->minima[0] + 16 * h, m[h]);
    }
    return;
  }
  _Alignas(64) uint8_t parts[2][16 * SPUD_PANEL_ROWS];
  const uint8_t *const scales = scales_of(format, unit, 0, parts[0]),
      *const minima = shape.minima ? scales_of(format, unit, 1, parts[1]) : NULL;
  SPUD_EACH(block, 8) SPUD_EACH(half, shape.halves) SPUD_EACH(h, 2) {
    const int at = (block * shape.halves + half) * SPUD_PANEL_ROWS + 16 * h;
    store16(to[block].factors[half] + 16 * h,
        factor16(d[h] * floats_of_bytes(scales + at, has_signed_scales(format)), shape));
    if (shape.minima) store16(to[block].minima[half] + 16 * h, -m[h] * floats_of_bytes(minima + at, 0));
  }
}

SPUD_INLINE void spread_units(
    const spud_format format, const uint8_t *panel, int64_t units, uint8_t *bytes, block_scales *scales
) {
  const spud_shape shape = spud_shape_of(format);
  for (; units > 0; units--, scales += shape.blocks) {
    spread_scales(format, panel, scales);
    panel += shape.header;
    for (int block = 0; block < shape.blocks; block++, panel += spud_code_bytes(shape), bytes += SPREAD_BYTES) {
      SPUD_EACH(group, 8) SPUD_EACH(part, CODE_PARTS) {
        const code_bytes code = codes(format, panel, group, part);
        memcpy(bytes + group * 128 + part * sizeof code, &code, sizeof code);
      }
    }
  }
}
