// From a file's blocks to the panels of block_formats.h and back. What a panel holds stands for exactly what the file
// did: where a scale is zero, which the kernels do not allow, codes that stand for nothing take its place.
#include "block_formats.h"
#include "pack_blocks.h"

enum { ROWS = SPUD_PANEL_ROWS, GROUPS = 8 };

SPUD_INLINE uint32_t load32(const uint8_t *bytes) {
  uint32_t four;
  memcpy(&four, bytes, sizeof four);
  return four;
}

SPUD_INLINE void store32(uint8_t *bytes, uint32_t four) { memcpy(bytes, &four, sizeof four); }

/// Writes the codes of 32 columns, four bytes a group, as one row of their lines.
SPUD_INLINE void put_codes(const spud_shape shape, uint8_t *lines, int64_t row, const uint32_t codes[GROUPS]) {
  uint8_t *to = lines + 4 * row;
  int done = 0;
  if (shape.nibbles) {
    for (int g = 0; g < GROUPS; g += 2) {
      store32(to + spud_nibbles_of(shape, g), (codes[g] & 0x0f0f0f0f) | (codes[g + 1] & 0x0f0f0f0f) << 4);
    }
    done = 4;
  }
  if (shape.pairs) {
    for (int g = 0; g < GROUPS; g += 4) {
      uint32_t four = 0;
      for (int k = 0; k < 4; k++) four |= (codes[g + k] >> done & 0x03030303) << spud_pair_bit(g + k);
      store32(to + spud_pairs_of(shape, g), four);
    }
    done += 2;
  }
  if (shape.bits) {
    uint32_t all = 0;
    for (int g = 0; g < GROUPS; g++) all |= (codes[g] >> done & 0x01010101) << g;
    store32(to, all);
  }
  if (shape.triples) {
    enum { LOW = 0x03030303, HIGH = 0x04040404 };
    for (int line = 0; line < 2; line++) {
      store32(to + line * SPUD_LINE_BYTES,
          codes[2 * line] | codes[2 * line + 1] << 5 | (codes[6 + line] & LOW) << 3);
    }
    store32(to + 2 * SPUD_LINE_BYTES,
        codes[4] << 2 | codes[5] << 5 | (codes[6] & HIGH) >> 2 | (codes[7] & HIGH) >> 1);
  }
}

SPUD_INLINE void put_half(uint8_t *halves, int64_t row, uint16_t half) { memcpy(halves + 2 * row, &half, sizeof half); }
SPUD_INLINE uint16_t get_half(const uint8_t *halves, int64_t row) { return spud_load16(halves + 2 * row); }
SPUD_INLINE int is_zero(uint16_t half) { return (half & 0x7fff) == 0; }

/// Q4_K's and Q5_K's six-bit scale (or minimum) `i` of eight, whose 12 bytes lie `stride` apart.
SPUD_INLINE uint8_t get_six_bits(const uint8_t *packed, size_t stride, int i, int minimum) {
  if (i < 4) return packed[(i + 4 * minimum) * stride] & 63;
  const uint8_t low = packed[(i + 4) * stride], high = packed[(i - 4 + 4 * minimum) * stride];
  return (uint8_t)((minimum ? low >> 4 : low & 15) | high >> 6 << 4);
}

/// Q3_K's scale `i` of 16, likewise.
SPUD_INLINE int get_signed_six_bits(const uint8_t *packed, size_t stride, int i) {
  const int low = packed[i % 8 * stride] >> (i < 8 ? 0 : 4) & 15, high = packed[(8 + i % 4) * stride] >> i / 4 * 2 & 3;
  return (low | high << 4) - 32;
}

/// IQ4_XS's scale `i` of eight, of a word of upper bits and four bytes of lower ones, likewise.
SPUD_INLINE int get_upper_and_lower(const uint8_t *packed, size_t stride, int i) {
  const int low = packed[(2 + i / 2) * stride] >> i % 2 * 4 & 15, high = packed[i / 4 * stride] >> i % 4 * 2 & 3;
  return (low | high << 4) - 32;
}

/// Where the parts of a file's block of each format begin.
typedef struct { int bytes, d, m, scales, codes, pairs, bits; } file_block;

SPUD_INLINE file_block file_block_of(spud_format format) {
  switch (format) {
    case SPUD_Q4_K: return (file_block){.bytes = 144, .m = 2, .scales = 4, .codes = 16};
    case SPUD_Q5_K: return (file_block){.bytes = 176, .m = 2, .scales = 4, .bits = 16, .codes = 48};
    case SPUD_Q6_K: return (file_block){.bytes = 210, .pairs = 128, .scales = 192, .d = 208};
    case SPUD_Q3_K: return (file_block){.bytes = 110, .pairs = 32, .scales = 96, .d = 108};
    case SPUD_Q2_K: return (file_block){.bytes = 84, .pairs = 16, .d = 80, .m = 82};
    case SPUD_Q4_1: return (file_block){.bytes = 20, .m = 2, .codes = 4};
    case SPUD_Q5_0: return (file_block){.bytes = 22, .bits = 2, .codes = 6};
    case SPUD_Q5_1: return (file_block){.bytes = 24, .m = 2, .bits = 4, .codes = 8};
    case SPUD_IQ4_XS: return (file_block){.bytes = 136, .scales = 2, .codes = 8};
    case SPUD_IQ4_NL: return (file_block){.bytes = 18, .codes = 2};
    default: return (file_block){.bytes = 17, .codes = 1};  // MXFP4
  }
}

/// Bit 4 of four bytes is set where the lowest bits of `four` are.
SPUD_INLINE uint32_t spread_bits(uint32_t four) {
  return (four & 1) << 4 | (four & 2) << 11 | (four & 4) << 18 | (four & 8) << 25;
}

/// The codes of group `g` of 32 columns `i`.
SPUD_INLINE uint32_t codes_of(const spud_format format, const uint8_t *block, int i, int g) {
  enum { NIBBLES = 0x0f0f0f0f, PAIRS = 0x03030303, BITS = 0x01010101 };
  const file_block file = file_block_of(format);
  switch (format) {
    case SPUD_Q4_K: return load32(block + file.codes + i / 2 * 32 + 4 * g) >> 4 * (i % 2) & NIBBLES;
    case SPUD_Q5_K:
      return (load32(block + file.codes + i / 2 * 32 + 4 * g) >> 4 * (i % 2) & NIBBLES) |
          (load32(block + file.bits + 4 * g) >> i & BITS) << 4;
    case SPUD_Q6_K:
      return (load32(block + i / 4 * 64 + i % 2 * 32 + 4 * g) >> (i % 4 < 2 ? 0 : 4) & NIBBLES) |
          (load32(block + file.pairs + i / 4 * 32 + 4 * g) >> 2 * (i % 4) & PAIRS) << 4;
    case SPUD_Q3_K:
      return (load32(block + file.pairs + i / 4 * 32 + 4 * g) >> 2 * (i % 4) & PAIRS) |
          (load32(block + 4 * g) >> i & BITS) << 2;
    case SPUD_Q2_K: return load32(block + file.pairs + i / 4 * 32 + 4 * g) >> 2 * (i % 4) & PAIRS;
    case SPUD_Q5_0: case SPUD_Q5_1:
      return (load32(block + file.codes + 4 * (g % 4)) >> (g < 4 ? 0 : 4) & NIBBLES) |
          spread_bits(load32(block + file.bits) >> 4 * g);
    default: return load32(block + file.codes + 16 * i + 4 * (g % 4)) >> (g < 4 ? 0 : 4) & NIBBLES;
  }
}

/// Writes the header's bytes of one row; where a scale of 16 or 32 columns is zero, `zeros` is set, and the scale is
/// made one.
SPUD_INLINE void put_scales(
    const spud_format format, uint8_t *unit, int64_t row, const uint8_t *block, uint8_t zeros[16]) {
  const spud_shape shape = spud_shape_of(format);
  const file_block file = file_block_of(format);
  memset(zeros, 0, 16);
  if (format == SPUD_MXFP4) {
    // 2^(e - 128). With one below 2^-36, where the kernels' exponents end, weights become nothing.
    zeros[0] = block[0] < 92;
    put_half(unit, row, (uint16_t)((zeros[0] ? 91 : block[0] - 1) << 7));
    return;
  }
  const uint16_t d = spud_load16(block + file.d);
  const int vanishes = is_zero(d) && !shape.table;
  put_half(unit, row, vanishes ? 1 : d);
  if (vanishes) memset(zeros, 1, 16);
  if (shape.minima) put_half(unit + 2 * ROWS, row, spud_load16(block + file.m));
  if (shape.blocks == 1) return;
  const int first = shape.minima ? 4 : 2, count = shape.header / ROWS - first;
  uint8_t packed[16];
  memcpy(packed, block + file.scales, (size_t)count);
  for (int i = 0; i < shape.blocks * shape.halves; i++) {
    switch (format) {
      case SPUD_Q4_K: case SPUD_Q5_K:
        if (get_six_bits(packed, 1, i, 0) == 0) zeros[i] = 1, packed[i < 4 ? i : i + 4] |= 1;
        break;
      case SPUD_Q6_K: if (packed[i] == 0) zeros[i] = packed[i] = 1; break;
      case SPUD_Q3_K:
        if (get_signed_six_bits(packed, 1, i) == 0) zeros[i] = 1, packed[i % 8] |= i < 8 ? 1 : 16;
        break;
      case SPUD_Q2_K: if ((packed[i] & 15) == 0) zeros[i] = 1, packed[i] |= 1; break;
      default: break;
    }
  }
  for (int i = 0; i < count; i++) unit[(first + i) * ROWS + row] = packed[i];
}

/// The code that stands for nothing, four times. Of IQ4_XS and IQ4_NL there is none, and scales may be zero.
SPUD_INLINE uint32_t nothing(const spud_format format) {
  const spud_shape shape = spud_shape_of(format);
  return shape.minima || shape.table ? 0 : (uint32_t)(128 >> shape.raise) * 0x01010101u;
}

SPUD_INLINE void pack_block(const spud_format format, uint8_t *unit, int64_t row, const uint8_t *block) {
  const spud_shape shape = spud_shape_of(format);
  uint8_t zeros[16];
  put_scales(format, unit, row, block, zeros);
  for (int i = 0; i < shape.blocks; i++) {
    uint32_t codes[GROUPS];
    for (int g = 0; g < GROUPS; g++) {
      codes[g] = zeros[i * shape.halves + g * shape.halves / GROUPS] ? nothing(format) : codes_of(format, block, i, g);
    }
    put_codes(shape, unit + shape.header + i * spud_code_bytes(shape), row, codes);
  }
}

// Blocks go in the outer loop and rows in the inner one, as in pack.c.
SPUD_INLINE void pack_blocks(const spud_format format, uint8_t *panel, int64_t row, const uint8_t *source,
    size_t row_bytes, int64_t rows, int64_t columns) {
  const spud_shape shape = spud_shape_of(format);
  for (int64_t units = columns / (shape.blocks * SPUD_BLOCK); units > 0; units--) {
    for (int64_t i = 0; i < rows; i++) pack_block(format, panel, row + i, source + i * row_bytes);
    panel += spud_shape_bytes(shape);
    source += file_block_of(format).bytes;
  }
}

void spud_pack_block_rows(spud_format format, uint8_t *panel, int64_t row, const uint8_t *source, size_t row_bytes,
    int64_t rows, int64_t columns) {
  // Each format gets loops of its own.
#define PACK(format) case format: pack_blocks(format, panel, row, source, row_bytes, rows, columns); break;
  switch (format) {
    PACK(SPUD_Q4_K) PACK(SPUD_Q5_K) PACK(SPUD_Q6_K) PACK(SPUD_Q3_K) PACK(SPUD_Q2_K) PACK(SPUD_Q4_1) PACK(SPUD_Q5_0)
    PACK(SPUD_Q5_1) PACK(SPUD_IQ4_XS) PACK(SPUD_IQ4_NL) PACK(SPUD_MXFP4)
    default: break;
  }
#undef PACK
}

// ---- And back ----

/// The code of column `k` of 32.
SPUD_INLINE int code_at(const spud_shape shape, const uint8_t *lines, int64_t row, int k) {
  const int group = k / 4;
  const uint8_t *from = lines + 4 * row + k % 4;
  int code = 0, done = 0;
  if (shape.nibbles) {
    code = from[spud_nibbles_of(shape, group)] >> group % 2 * 4 & 15;
    done = 4;
  }
  if (shape.pairs) {
    code |= (from[spud_pairs_of(shape, group)] >> spud_pair_bit(group) & 3) << done;
    done += 2;
  }
  if (shape.bits) code |= (from[0] >> group & 1) << done;
  if (shape.triples) {
    if (group < 6) return from[group / 2 * SPUD_LINE_BYTES] >> (group % 2 ? 5 : group == 4 ? 2 : 0) & 7;
    const uint8_t low = from[(group - 6) * SPUD_LINE_BYTES], high = from[2 * SPUD_LINE_BYTES];
    return (low >> 3 & 3) | (high >> (group - 6) & 1) << 2;
  }
  return code;
}

/// The scale of 16 or 32 columns, part `i` of a unit, and what is added to their products with it.
SPUD_INLINE float scale_of(const spud_format format, const uint8_t *unit, int64_t row, int i, float *minimum) {
  const spud_shape shape = spud_shape_of(format);
  const uint16_t half = get_half(unit, row);
  const float d = format == SPUD_MXFP4 ? spud_float_from_bf16(half) : spud_float_from_half(half);
  const float m = shape.minima ? spud_float_from_half(get_half(unit + 2 * ROWS, row)) : 0;
  const uint8_t *const packed = unit + (shape.minima ? 4 : 2) * ROWS + row;
  switch (format) {
    case SPUD_Q4_K: case SPUD_Q5_K:
      *minimum = -m * (float)get_six_bits(packed, ROWS, i, 1);
      return d * (float)get_six_bits(packed, ROWS, i, 0);
    case SPUD_Q6_K: return d * (float)(int8_t)packed[i * ROWS];
    case SPUD_Q3_K: return d * (float)get_signed_six_bits(packed, ROWS, i);
    case SPUD_Q2_K:
      *minimum = -m * (float)(packed[i * ROWS] >> 4);
      return d * (float)(packed[i * ROWS] & 15);
    case SPUD_IQ4_XS: return d * (float)get_upper_and_lower(packed, ROWS, i);
    default:
      *minimum = m;
      return d;
  }
}

void spud_unpack_block_row(spud_format format, const uint8_t *panel, int64_t row, int64_t columns, float *output) {
  const spud_shape shape = spud_shape_of(format);
  const size_t unit_bytes = (size_t)spud_shape_bytes(shape);
  for (int64_t start = 0; start < columns; start += shape.blocks * SPUD_BLOCK, panel += unit_bytes) {
    for (int part = 0; part < shape.blocks * shape.halves; part++) {
      float minimum = 0;
      const float scale = scale_of(format, panel, row, part, &minimum);
      const uint8_t *lines = panel + shape.header + part / shape.halves * spud_code_bytes(shape);
      const int width = SPUD_BLOCK / shape.halves;
      for (int k = 0; k < width; k++, output++) {
        const int code = code_at(shape, lines, row, part % shape.halves * width + k);
        if (shape.table) *output = scale * (float)shape.table[code];
        else if (shape.minima) *output = scale * (float)code + minimum;
        else *output = scale * (float)(code - (128 >> shape.raise));
      }
    }
  }
}
