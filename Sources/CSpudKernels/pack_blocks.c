// From a file's blocks to the panels of block_formats.h and back. What a panel holds stands for exactly what the file
// did: where a scale is zero, which the kernels do not allow, codes that stand for nothing take its place.
#include "block_formats.h"
#include "pack_blocks.h"

// Four rows at a time, and of each the eight groups of four columns, so that whatever is done to codes is done to 32 at
// once. (Passed by their addresses: how such vectors are passed depends on the instruction set.)
enum { ROWS = SPUD_PANEL_ROWS, LANES = 4 };
typedef uint32_t groups __attribute__((vector_size(32)));

#define EACH_BYTE(value) (0x01010101u * (value))

SPUD_INLINE uint32_t load32(const uint8_t *bytes) {
  uint32_t four;
  memcpy(&four, bytes, sizeof four);
  return four;
}

/// Groups j and j + 4 of each row become the lower and the upper half of `turned[j]`, a word for each row.
SPUD_INLINE void turn(const groups rows[LANES], groups turned[LANES]) {
  const groups low = __builtin_shufflevector(rows[0], rows[1], 0, 8, 1, 9, 4, 12, 5, 13);
  const groups high = __builtin_shufflevector(rows[0], rows[1], 2, 10, 3, 11, 6, 14, 7, 15);
  const groups low2 = __builtin_shufflevector(rows[2], rows[3], 0, 8, 1, 9, 4, 12, 5, 13);
  const groups high2 = __builtin_shufflevector(rows[2], rows[3], 2, 10, 3, 11, 6, 14, 7, 15);
  turned[0] = __builtin_shufflevector(low, low2, 0, 1, 8, 9, 4, 5, 12, 13);
  turned[1] = __builtin_shufflevector(low, low2, 2, 3, 10, 11, 6, 7, 14, 15);
  turned[2] = __builtin_shufflevector(high, high2, 0, 1, 8, 9, 4, 5, 12, 13);
  turned[3] = __builtin_shufflevector(high, high2, 2, 3, 10, 11, 6, 7, 14, 15);
}

/// Stores a word for each of `rows` rows, of the lower half or the upper.
SPUD_INLINE void store_half(uint8_t *to, const groups *both, int upper, int rows) {
  memcpy(to, (const uint8_t *)both + 16 * upper, (size_t)rows * sizeof(uint32_t));
}

/// Writes the codes of 32 columns as some rows of their lines. `codes` are as `turn` leaves them.
SPUD_INLINE void put_codes(const spud_shape shape, uint8_t *to, const groups codes[LANES], int rows) {
  int done = 0;
  if (shape.nibbles) {
    for (int group = 0; group < 4; group += 2) {
      const groups two = (codes[group] & EACH_BYTE(0x0f)) | (codes[group + 1] & EACH_BYTE(0x0f)) << 4;
      for (int upper = 0; upper < 2; upper++)
        store_half(to + spud_nibbles_of(shape, group + 4 * upper), &two, upper, rows);
    }
    done = 4;
  }
  if (shape.pairs) {
    groups four = {0};
    for (int group = 0; group < 4; group++)
      four |= (codes[group] >> done & EACH_BYTE(0x03)) << spud_pair_bit(group);
    for (int upper = 0; upper < 2; upper++) store_half(to + spud_pairs_of(shape, 4 * upper), &four, upper, rows);
    done += 2;
  }
  if (shape.bits) {
    groups all = {0};
    for (int group = 0; group < 4; group++) all |= (codes[group] >> done & EACH_BYTE(0x01)) << group;
    all |= __builtin_shufflevector(all, all, 4, 5, 6, 7, 4, 5, 6, 7) << 4;
    store_half(to, &all, 0, rows);
  }
  if (shape.triples) {
    // Groups 6 and 7 go where the first four leave room.
    const groups last[2] = {__builtin_shufflevector(codes[2], codes[2], 4, 5, 6, 7, 4, 5, 6, 7),
      __builtin_shufflevector(codes[3], codes[3], 4, 5, 6, 7, 4, 5, 6, 7)};
    for (int line = 0; line < 2; line++) {
      const groups three = codes[2 * line] | codes[2 * line + 1] << 5 | (last[line] & EACH_BYTE(0x03)) << 3;
      store_half(to + line * SPUD_LINE_BYTES, &three, 0, rows);
    }
    const groups rest = codes[0] << 2 | codes[1] << 5 | (last[0] & EACH_BYTE(0x04)) >> 2 |
        (last[1] & EACH_BYTE(0x04)) >> 1;
    store_half(to + 2 * SPUD_LINE_BYTES, &rest, 1, rows);
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

SPUD_INLINE void load_groups(const uint8_t *bytes, groups *loaded) { memcpy(loaded, bytes, sizeof *loaded); }

/// The codes of 32 columns, `i` of a block.
SPUD_INLINE void get_codes(const spud_format format, const uint8_t *block, int i, groups *codes) {
  const uint32_t nibbles = EACH_BYTE(0x0f), pairs = EACH_BYTE(0x03), bits = EACH_BYTE(0x01);
  const file_block file = file_block_of(format);
  groups low, high;
  switch (format) {
    case SPUD_Q4_K: case SPUD_Q5_K:
      load_groups(block + file.codes + i / 2 * 32, &low);
      *codes = low >> 4 * (i % 2) & nibbles;
      if (format == SPUD_Q4_K) return;
      load_groups(block + file.bits, &high);
      *codes |= (high >> i & bits) << 4;
      return;
    case SPUD_Q6_K:
      load_groups(block + i / 4 * 64 + i % 2 * 32, &low);
      load_groups(block + file.pairs + i / 4 * 32, &high);
      *codes = (low >> (i % 4 < 2 ? 0 : 4) & nibbles) | (high >> 2 * (i % 4) & pairs) << 4;
      return;
    case SPUD_Q3_K: case SPUD_Q2_K:
      load_groups(block + file.pairs + i / 4 * 32, &low);
      *codes = low >> 2 * (i % 4) & pairs;
      if (format == SPUD_Q2_K) return;
      load_groups(block, &high);
      *codes |= (high >> i & bits) << 2;
      return;
    default: break;
  }
  // The lower halves of 16 bytes, then the upper ones.
  const words both = load_words(block + file.codes + 16 * i);
  *codes = __builtin_shufflevector(both, both >> 4, 0, 1, 2, 3, 4, 5, 6, 7) & nibbles;
  if (format == SPUD_Q5_0 || format == SPUD_Q5_1) {
    // Four bits a word, of which each goes to bit 4 of a byte of its own.
    const uint32_t fifth = load32(block + file.bits);
    const groups four = (fifth - (groups){0}) >> (groups){0, 4, 8, 12, 16, 20, 24, 28};
    *codes |= (four & 1) << 4 | (four & 2) << 11 | (four & 4) << 18 | (four & 8) << 25;
  }
}

/// Whether one of four bytes is zero.
SPUD_INLINE int has_zero(uint32_t four) { return ((four - EACH_BYTE(1)) & ~four & EACH_BYTE(0x80)) != 0; }

/// Whether one of a block's scales is zero.
SPUD_INLINE int vanishes_in_part(const spud_format format, const uint8_t packed[16]) {
  const uint32_t first = load32(packed), third = load32(packed + 8);
  int vanishes = 0;
  switch (format) {
    case SPUD_Q4_K: case SPUD_Q5_K:
      return has_zero(first & EACH_BYTE(63)) || has_zero((third & EACH_BYTE(15)) | (first >> 6 & EACH_BYTE(3)) << 4);
    case SPUD_Q6_K: case SPUD_Q2_K:
      for (int i = 0; i < 16; i += 4)
        vanishes |= has_zero(load32(packed + i) & EACH_BYTE(format == SPUD_Q6_K ? 255 : 15));
      return vanishes;
    case SPUD_Q3_K:
      // Of six bits, which stand for 32 less: 32.
      for (int i = 0; i < 4; i++) {
        const uint32_t low = load32(packed + i % 2 * 4) >> i / 2 * 4 & EACH_BYTE(15);
        vanishes |= has_zero(low | ((third >> 2 * i & EACH_BYTE(3)) ^ EACH_BYTE(2)) << 4);
      }
      return vanishes;
    default: return 0;
  }
}

/// The bytes of a block's scales, as far as they are no halves; where a scale of 16 or 32 columns is zero, its bit in
/// `zeros` is set, and the scale is made one.
SPUD_INLINE words scales_of(const spud_format format, const uint8_t *block, int count, uint32_t *zeros) {
  const spud_shape shape = spud_shape_of(format);
  uint8_t packed[16] = {0};
  memcpy(packed, block + file_block_of(format).scales, (size_t)count);
  if (vanishes_in_part(format, packed)) {
    for (int i = 0; i < shape.blocks * shape.halves; i++) {
      int is_zero = 0;
      switch (format) {
        case SPUD_Q4_K: case SPUD_Q5_K:
          is_zero = get_six_bits(packed, 1, i, 0) == 0;
          if (is_zero) packed[i < 4 ? i : i + 4] |= 1;
          break;
        case SPUD_Q6_K:
          is_zero = packed[i] == 0;
          if (is_zero) packed[i] = 1;
          break;
        case SPUD_Q3_K:
          is_zero = get_signed_six_bits(packed, 1, i) == 0;
          if (is_zero) packed[i % 8] |= i < 8 ? 1 : 16;
          break;
        default:
          is_zero = (packed[i] & 15) == 0;
          if (is_zero) packed[i] |= 1;
          break;
      }
      *zeros |= (uint32_t)is_zero << i;
    }
  }
  return load_words(packed);
}

/// Writes the header's bytes of some rows; in `zeros` of each row, the bits of scales that are zero.
SPUD_INLINE void put_scales(const spud_format format, uint8_t *unit, int64_t row, const uint8_t *block,
    size_t row_bytes, int rows, uint32_t zeros[LANES]) {
  const spud_shape shape = spud_shape_of(format);
  const file_block file = file_block_of(format);
  for (int lane = 0; lane < rows; lane++, block += row_bytes) {
    if (format == SPUD_MXFP4) {
      // 2^(e - 128). With one below 2^-36, where the kernels' exponents end, weights become nothing.
      zeros[lane] = block[0] < 92;
      put_half(unit, row + lane, (uint16_t)((zeros[lane] ? 91 : block[0] - 1) << 7));
      continue;
    }
    const uint16_t d = spud_load16(block + file.d);
    const int vanishes = is_zero(d) && !shape.table;
    put_half(unit, row + lane, vanishes ? 1 : d);
    zeros[lane] = vanishes ? UINT32_MAX : 0;
    if (shape.minima) put_half(unit + 2 * ROWS, row + lane, spud_load16(block + file.m));
  }
  if (shape.blocks == 1) return;
  block -= rows * (int64_t)row_bytes;
  const int first = shape.minima ? 4 : 2, count = shape.header / ROWS - first;
  // Bytes of rows become rows of bytes: the same in words, then in each word.
  words packed[LANES] = {{0}}, turned[LANES];
  for (int lane = 0; lane < rows; lane++)
    packed[lane] = scales_of(format, block + lane * row_bytes, count, &zeros[lane]);
  transpose(packed, turned);
  for (int word = 0; word < (count + 3) / 4; word++) {
    uint8_t bytes[16], across[16];
    memcpy(bytes, &turned[word], sizeof bytes);
    for (int i = 0; i < 16; i++) across[i] = bytes[i % 4 * 4 + i / 4];
    for (int i = 0; i < 4 && 4 * word + i < count; i++)
      memcpy(unit + (first + 4 * word + i) * ROWS + row, across + 4 * i, (size_t)rows);
  }
}

/// The code that stands for nothing, in each byte. Of IQ4_XS and IQ4_NL there is none, and scales may be zero.
SPUD_INLINE uint32_t nothing(const spud_format format) {
  const spud_shape shape = spud_shape_of(format);
  return shape.minima || shape.table ? 0 : EACH_BYTE((uint32_t)(128 >> shape.raise));
}

/// Packs a block of each of some rows, four at most.
SPUD_INLINE void pack_lanes(const spud_format format, uint8_t *unit, int64_t row, const uint8_t *block,
    size_t row_bytes, int rows) {
  const spud_shape shape = spud_shape_of(format);
  uint32_t zeros[LANES] = {0};
  put_scales(format, unit, row, block, row_bytes, rows, zeros);
  const uint32_t any = zeros[0] | zeros[1] | zeros[2] | zeros[3];
  for (int i = 0; i < shape.blocks; i++) {
    groups own[LANES] = {{0}}, codes[LANES];
    for (int lane = 0; lane < rows; lane++) get_codes(format, block + lane * row_bytes, i, &own[lane]);
    for (int half = 0; half < 2; half++) {
      const int part = i * shape.halves + half * (shape.halves - 1);
      if (!(any >> part & 1)) continue;
      for (int lane = 0; lane < rows; lane++)
        for (int group = 4 * half; group < 4 * half + 4; group++)
          if (zeros[lane] >> part & 1) own[lane][group] = nothing(format);
    }
    turn(own, codes);
    put_codes(shape, unit + shape.header + i * spud_code_bytes(shape) + 4 * row, codes, rows);
  }
}

/// The last one to three rows, which are few: one copy for all formats.
__attribute__((noinline)) static void pack_rest(spud_format format, uint8_t *unit, int64_t row, const uint8_t *block,
    size_t row_bytes, int rows) {
  pack_lanes(format, unit, row, block, row_bytes, rows);
}

// Blocks go in the outer loop and rows in the inner one, as in pack.c.
SPUD_INLINE void pack_blocks(const spud_format format, uint8_t *panel, int64_t row, const uint8_t *source,
    size_t row_bytes, int64_t rows, int64_t columns) {
  const spud_shape shape = spud_shape_of(format);
  const int bytes = file_block_of(format).bytes;
  for (int64_t units = columns / (shape.blocks * SPUD_BLOCK); units > 0; units--) {
    const uint8_t *block = source;
    // The rows are more streams than the processor follows.
    for (int64_t i = 0; i < rows; i++, block += row_bytes)
      for (int at = 0; at < bytes; at += 64) __builtin_prefetch(block + bytes + at, 0, 3);
    block = source;
    int64_t i = 0;
    for (; i + LANES <= rows; i += LANES, block += LANES * row_bytes)
      pack_lanes(format, panel, row + i, block, row_bytes, LANES);
    if (i < rows) pack_rest(format, panel, row + i, block, row_bytes, (int)(rows - i));
    panel += spud_shape_bytes(shape);
    source += bytes;
  }
}

#ifdef __x86_64__
// Once more for processors with vectors of 32 bytes; the same bits.
__attribute__((target_clones("avx2", "default")))
#endif
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
