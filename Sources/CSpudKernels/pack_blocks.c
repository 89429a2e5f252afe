// From a file's blocks to the panels of block_formats.h and back. What a panel holds stands for exactly what the file
// did: where a scale is zero, which the kernels do not allow, codes that stand for nothing take its place.
#include "block_formats.h"
#include "pack_blocks.h"

// Codes go two groups of four columns at a time, the second group's in the upper half of a word of 64 bits.
enum { ROWS = SPUD_PANEL_ROWS, TWOS = 4 };

#define EACH_BYTE(value) (0x0101010101010101u * (value))

SPUD_INLINE uint32_t load32(const uint8_t *bytes) {
  uint32_t four;
  memcpy(&four, bytes, sizeof four);
  return four;
}
SPUD_INLINE uint64_t load64(const uint8_t *bytes) {
  uint64_t eight;
  memcpy(&eight, bytes, sizeof eight);
  return eight;
}

SPUD_INLINE void store32(uint8_t *bytes, uint32_t four) { memcpy(bytes, &four, sizeof four); }

SPUD_INLINE uint32_t first_group(uint64_t codes) { return (uint32_t)codes; }
SPUD_INLINE uint32_t second_group(uint64_t codes) { return (uint32_t)(codes >> 32); }

/// Writes the codes of 32 columns as one row of their lines.
SPUD_INLINE void put_codes(const spud_shape shape, uint8_t *lines, int64_t row, const uint64_t codes[TWOS]) {
  uint8_t *to = lines + 4 * row;
  int done = 0;
  if (shape.nibbles) {
    for (int two = 0; two < TWOS; two++) {
      const uint64_t low = codes[two] & EACH_BYTE(0x0f);
      store32(to + spud_nibbles_of(shape, 2 * two), first_group(low) | second_group(low) << 4);
    }
    done = 4;
  }
  if (shape.pairs) {
    for (int line = 0; line < 2; line++) {
      uint32_t four = 0;
      for (int two = 2 * line; two < 2 * line + 2; two++) {
        const uint64_t pairs = codes[two] >> done & EACH_BYTE(0x03);
        four |= first_group(pairs) << spud_pair_bit(2 * two) | second_group(pairs) << spud_pair_bit(2 * two + 1);
      }
      store32(to + spud_pairs_of(shape, 4 * line), four);
    }
    done += 2;
  }
  if (shape.bits) {
    uint32_t all = 0;
    for (int two = 0; two < TWOS; two++) {
      const uint64_t bits = codes[two] >> done & EACH_BYTE(0x01);
      all |= first_group(bits) << 2 * two | second_group(bits) << (2 * two + 1);
    }
    store32(to, all);
  }
  if (shape.triples) {
    enum { LOW = 0x03030303, HIGH = 0x04040404 };
    const uint32_t last[2] = {first_group(codes[3]), second_group(codes[3])};
    for (int line = 0; line < 2; line++) {
      store32(to + line * SPUD_LINE_BYTES,
          first_group(codes[line]) | second_group(codes[line]) << 5 | (last[line] & LOW) << 3);
    }
    store32(to + 2 * SPUD_LINE_BYTES,
        first_group(codes[2]) << 2 | second_group(codes[2]) << 5 | (last[0] & HIGH) >> 2 | (last[1] & HIGH) >> 1);
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

/// The codes of groups `2 * two` and the next of 32 columns `i`.
SPUD_INLINE uint64_t codes_of(const spud_format format, const uint8_t *block, int i, int two) {
  const uint64_t nibbles = EACH_BYTE(0x0f), pairs = EACH_BYTE(0x03), bits = EACH_BYTE(0x01);
  const file_block file = file_block_of(format);
  switch (format) {
    case SPUD_Q4_K: return load64(block + file.codes + i / 2 * 32 + 8 * two) >> 4 * (i % 2) & nibbles;
    case SPUD_Q5_K:
      return (load64(block + file.codes + i / 2 * 32 + 8 * two) >> 4 * (i % 2) & nibbles) |
          (load64(block + file.bits + 8 * two) >> i & bits) << 4;
    case SPUD_Q6_K:
      return (load64(block + i / 4 * 64 + i % 2 * 32 + 8 * two) >> (i % 4 < 2 ? 0 : 4) & nibbles) |
          (load64(block + file.pairs + i / 4 * 32 + 8 * two) >> 2 * (i % 4) & pairs) << 4;
    case SPUD_Q3_K:
      return (load64(block + file.pairs + i / 4 * 32 + 8 * two) >> 2 * (i % 4) & pairs) |
          (load64(block + 8 * two) >> i & bits) << 2;
    case SPUD_Q2_K: return load64(block + file.pairs + i / 4 * 32 + 8 * two) >> 2 * (i % 4) & pairs;
    case SPUD_Q5_0: case SPUD_Q5_1: {
      const uint32_t upper = load32(block + file.bits) >> 8 * two;
      return (load64(block + file.codes + 8 * (two % 2)) >> (two < 2 ? 0 : 4) & nibbles) |
          (uint64_t)spread_bits(upper >> 4) << 32 | spread_bits(upper);
    }
    default: return load64(block + file.codes + 16 * i + 8 * (two % 2)) >> (two < 2 ? 0 : 4) & nibbles;
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

/// The code that stands for nothing, eight times. Of IQ4_XS and IQ4_NL there is none, and scales may be zero.
SPUD_INLINE uint64_t nothing(const spud_format format) {
  const spud_shape shape = spud_shape_of(format);
  return shape.minima || shape.table ? 0 : EACH_BYTE((uint64_t)(128 >> shape.raise));
}

SPUD_INLINE void pack_block(const spud_format format, uint8_t *unit, int64_t row, const uint8_t *block) {
  const spud_shape shape = spud_shape_of(format);
  uint8_t zeros[16];
  put_scales(format, unit, row, block, zeros);
  // Unrolled, so that each shift is a number in the instruction.
#pragma clang loop unroll(full)
  for (int i = 0; i < shape.blocks; i++) {
    uint64_t codes[TWOS];
#pragma clang loop unroll(full)
    for (int two = 0; two < TWOS; two++) {
      const int part = i * shape.halves + two * shape.halves / TWOS;
      codes[two] = zeros[part] ? nothing(format) : codes_of(format, block, i, two);
    }
    put_codes(shape, unit + shape.header + i * spud_code_bytes(shape), row, codes);
  }
}

// Blocks go in the outer loop and rows in the inner one, as in pack.c.
SPUD_INLINE void pack_blocks(const spud_format format, uint8_t *panel, int64_t row, const uint8_t *source,
    size_t row_bytes, int64_t rows, int64_t columns) {
  const spud_shape shape = spud_shape_of(format);
  const int bytes = file_block_of(format).bytes;
  for (int64_t units = columns / (shape.blocks * SPUD_BLOCK); units > 0; units--) {
    for (int64_t i = 0; i < rows; i++) {
      const uint8_t *const block = source + i * row_bytes;
      // The rows are more streams than the processor follows.
      for (int at = 0; at < bytes; at += 64) __builtin_prefetch(block + bytes + at, 0, 3);
      pack_block(format, panel, row + i, block);
    }
    panel += spud_shape_bytes(shape);
    source += bytes;
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
