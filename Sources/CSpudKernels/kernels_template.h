// The body of one instruction set's kernels: included once by portable.c, avx2.c and avx512.c, each of which first says
// what it has of its own:
//
//   NAME(x)             the symbol's suffix
//   NIBBLE_SCALE        what the inputs of q4_0 carry in their scale, because nibbles may be used in place, 16 times
//                       too large
//   TILE_ROWS           how many input rows the widest tile takes
//   TILE_LANES          floats in a register
//   ONE_PASS_ROWS       how many input rows a tile takes in one pass over a panel
//   tile_f32, tile_bf16, tile_q8_0, tile_q4_0
//                       void (panel, units, input rows, m, output, output_stride, first): the 32 sums of m input rows
//                       over one panel; `first` starts from zero, otherwise the sums continue from `output`; ONLY_PASS
//                       is a first that takes in the whole panel, which nothing has read before
//   LONE_PANELS         where there are tile_f32_lone_of_many, tile_bf16_lone_of_many and tile_f16_lone_of_many
//                       (panels, panel_bytes, units, input row, output), which take one row over so many, and
//                       bytes_of_many, which takes up to LONE_ROWS, 2; tile_f32_lone … take one over two
//   LONE_PANEL_BYTES, LONE_BLOCK_BYTES
//                       of shorter panels of floats, and of shorter ones of bytes and of block_formats.h, a row takes
//                       one at a time
//
// Everything here is written on 16-lane vectors, which the compiler lowers to the registers that the target has. Sums
// always run in one fixed order, so that a row's result does not depend on how many rows there are nor on which thread
// computes it.

#include "vectors.h"

SPUD_INLINE f32x16 max16(f32x16 a, f32x16 b) { return select16(a > b, a, b); }

/// The sum of the lanes, always in the same order.
SPUD_INLINE float sum16(f32x16 v) {
  float lanes[16];
  store16(lanes, v);
  for (int width = 8; width > 0; width /= 2)
    for (int lane = 0; lane < width; lane++) lanes[lane] += lanes[lane + width];
  return lanes[0];
}

#define SPUD_HALVES(v, n) __builtin_shufflevector(v, v, n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7)

SPUD_INLINE float largest16(f32x16 v) {
  typedef float f32x8 __attribute__((vector_size(32)));
  typedef float f32x4 __attribute__((vector_size(16)));
  const f32x8 a = SPUD_HALVES(v, 0), b = SPUD_HALVES(v, 8), ab = __builtin_elementwise_max(a, b);
  const f32x4 c = __builtin_shufflevector(ab, ab, 0, 1, 2, 3), d = __builtin_shufflevector(ab, ab, 4, 5, 6, 7);
  const f32x4 cd = __builtin_elementwise_max(c, d);
  const float x = cd[0] > cd[1] ? cd[0] : cd[1], y = cd[2] > cd[3] ? cd[2] : cd[3];
  return x > y ? x : y;
}

SPUD_INLINE int32_t sum_of_integers(i32x16 v) {
  typedef int32_t i32x8 __attribute__((vector_size(32)));
  typedef int32_t i32x4 __attribute__((vector_size(16)));
  const i32x8 half = SPUD_HALVES(v, 0) + SPUD_HALVES(v, 8);
  const i32x4 quarter = __builtin_shufflevector(half, half, 0, 1, 2, 3) + __builtin_shufflevector(half, half, 4, 5,
      6, 7);
  return quarter[0] + quarter[1] + (quarter[2] + quarter[3]);
}

#ifndef HAS_ROWS_16
/// p · 2^n, for whole n. In two halves, so that neither end of the range is lost.
SPUD_INLINE f32x16 power16(f32x16 p, f32x16 n) {
  const i32x16 exponent = (i32x16)(n + 12582912.0f) - 0x4b400000;
  const i32x16 half = exponent >> 1;
  return p * (f32x16)((half + 127) << 23) * (f32x16)((exponent - half + 127) << 23);
}

SPUD_INLINE f32x16 over16(f32x16 x, f32x16 d) { return x / d; }
#endif

/// exp(x): x = n ln 2 + r, then a polynomial of degree 6 in r. Relative error below 2e-7 on -87…88; 0 below, +inf
/// above.
SPUD_INLINE f32x16 exp16(f32x16 x) {
  const f32x16 clamped = max16(select16(x < splat16(88.8f), x, splat16(88.8f)), splat16(-104.0f));
  const f32x16 shifted = clamped * 1.44269504088896f + 12582912.0f;
  const f32x16 n = shifted - 12582912.0f;
  f32x16 r = clamped - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  f32x16 p = r * 1.3981999507e-3f + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // A NaN compares false with everything and passes through.
  return select16(x == x, power16(p, n), x);
}

SPUD_INLINE f32x16 silu16(f32x16 x) { return over16(x, 1.0f + exp16(-x)); }

#include "products_template.h"

// ---- Preparing inputs ----

static void prepare_f32(const float *input, int64_t columns, uint8_t *output) {
  float *to = (float *)output;
  const int64_t padded = (columns + 31) / 32 * 32;
  for (int64_t i = 0; i < columns; i++) to[i] = input[i];
  for (int64_t i = columns; i < padded; i++) to[i] = 0;
}

/// Signed bytes, to nearest, ties to even, of the largest magnitude in each 32, whose step is rounded up to one of
/// `spud_large_parts` plus `spud_small_parts` times a power of two: by 6 % on average, 20 % at most. `unit` is a power
/// of two that every scale takes with it. What is not finite becomes some byte.
SPUD_INLINE void prepare_bytes(const float *input, int64_t columns, uint8_t *output, float unit) {
  spud_block *blocks = (spud_block *)output;
  int64_t block = 0;
#ifdef HAS_ROWS_16
  for (; (block + 16) * SPUD_BLOCK <= columns; block += 16) {
    prepare_sixteen(0, input + block * SPUD_BLOCK, blocks + block, unit);
  }
#endif
  for (; block * SPUD_BLOCK < columns; block++) {
    const f32x16 a = load16(input + block * SPUD_BLOCK), b = load16(input + block * SPUD_BLOCK + 16);
    const uint32_t step = spud_bits(largest16(max16(max16(a, -a), max16(b, -b))) * (1.0f / 127)) & 0x7fffffff;  // of -0
    const uint32_t exponent = step >> 23;
    const float power = spud_float_from_bits((exponent < 67 ? 67 : exponent > 187 ? 187 : exponent) << 23);
    const uint32_t sixteenths = ((step & 0x7fffff) + 0x7ffff) >> 19;
    const float parts[2] = {spud_large_parts[sixteenths], spud_small_parts[sixteenths]};
    const float inverse = 1 / ((parts[0] + parts[1]) * power);
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
    const i32x16 qa = (i32x16)(a * inverse + 12582912.0f) - 0x4b400000,
        qb = (i32x16)(b * inverse + 12582912.0f) - 0x4b400000;
    *(i8x16 *)blocks[block].quants = __builtin_convertvector(qa, i8x16);
    *(i8x16 *)(blocks[block].quants + 16) = __builtin_convertvector(qb, i8x16);
    for (int part = 0; part < 2; part++) blocks[block].scales[part] = parts[part] * power * unit;
    blocks[block].correction = -128 * sum_of_integers(qa + qb);
  }
}

SPUD_APART void prepare_q8_0(const float *input, int64_t columns, uint8_t *output) {
  prepare_bytes(input, columns, output, 1);
}
SPUD_APART void prepare_q4_0(const float *input, int64_t columns, uint8_t *output) {
  prepare_bytes(input, columns, output, NIBBLE_SCALE);
}

/// The same blocks, 16 at a time, with their halves' corrections and sums.
SPUD_APART void prepare_summed(const float *input, int64_t columns, uint8_t *output) {
  enum { TOGETHER = 16 };
  spud_summed_block *to = (spud_summed_block *)output;
  spud_block rounded[TOGETHER];
  for (int64_t start = 0; start < columns; start += TOGETHER * SPUD_BLOCK) {
#ifdef HAS_ROWS_16
    if (columns - start >= TOGETHER * SPUD_BLOCK) {
      prepare_sixteen(1, input + start, to, 1);
      to += TOGETHER;
      continue;
    }
#endif
    const int64_t width = spud_min(TOGETHER * SPUD_BLOCK, columns - start);
    prepare_bytes(input + start, width, (uint8_t *)rounded, 1);
    for (int64_t i = 0; i * SPUD_BLOCK < width; i++, to++) {
      const float scale = spud_block_scale(&rounded[i]);
      int32_t totals[3];
      for (int half = 0; half < 2; half++) {
        const i8x16 quants = *(const i8x16 *)(rounded[i].quants + 16 * half);
        totals[half] = sum_of_integers(__builtin_convertvector(quants, i32x16));
      }
      totals[2] = totals[0] + totals[1];
      for (int place = 0; place < 3; place++) {
        to->corrections[place] = -128 * totals[place];
        to->sums[place] = scale * (float)totals[place];
      }
      memcpy(to->scales, rounded[i].scales, sizeof to->scales);
      memcpy(to->quants, rounded[i].quants, sizeof to->quants);
    }
  }
}

static void prepare(spud_format format, const float *input, int64_t columns, uint8_t *output) {
  switch (format) {
    case SPUD_F32: case SPUD_F16: prepare_f32(input, columns, output); break;
    case SPUD_BF16: prepare_bf16(input, columns, output); break;
    case SPUD_Q8_0: prepare_q8_0(input, columns, output); break;
    case SPUD_Q4_0: prepare_q4_0(input, columns, output); break;
    default: prepare_summed(input, columns, output); break;
  }
}

// ---- Norm, softmax, sums ----

static void normalize(const float *input, const float *weight, float epsilon, int64_t count, float *output) {
  f32x16 squares = {0};
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const f32x16 x = load16(input + i);
    squares += x * x;
  }
  float sum = sum16(squares);
  for (; i < count; i++) sum += input[i] * input[i];
  const float scale = 1.0f / __builtin_sqrtf(sum / (float)count + epsilon);
  // In vectors by hand: the compiler would, but not where `output` is `input`.
  for (i = 0; i + 16 <= count; i += 16) store16(output + i, load16(input + i) * scale * load16(weight + i));
  for (; i < count; i++) output[i] = input[i] * scale * weight[i];
}

static void add(const float *input, int64_t count, float *output) {
  for (int64_t i = 0; i < count; i++) output[i] += input[i];
}

/// Replaces values[0 ..< count] by exp(scale * (value - maximum)) and returns the sum. The maximum is theirs and the
/// sink's, a value that is counted and gets no place; a sink of -INFINITY is none.
static float exponentials(float *values, int64_t count, float scale, float sink) {
  f32x16 best = splat16(sink);
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) best = max16(best, load16(values + i));
  float maximum = largest16(best);
  for (; i < count; i++) maximum = values[i] > maximum ? values[i] : maximum;
  f32x16 sums = {0};
  for (i = 0; i + 16 <= count; i += 16) {
    const f32x16 e = exp16((load16(values + i) - maximum) * scale);
    sums += e;
    store16(values + i, e);
  }
  if (i < count) {
    f32x16 rest = splat16(-INFINITY);
    for (int64_t j = i; j < count; j++) rest[j - i] = (values[j] - maximum) * scale;
    rest = exp16(rest);
    for (int64_t j = i; j < count; j++) values[j] = rest[j - i];
    for (int64_t j = count - i; j < 16; j++) rest[j] = 0;
    sums += rest;
  }
  const float sum = sum16(sums);
  return sink == -INFINITY ? sum : sum + exp16(splat16((sink - maximum) * scale))[0];
}

static void softmax(float *values, int64_t count) {
  const float inverse = 1.0f / exponentials(values, count, 1, -INFINITY);
  for (int64_t i = 0; i < count; i++) values[i] *= inverse;
}

#include "attention_template.h"
#include "bounds_template.h"

// ---- What the machine can do ----

/// Reads every byte once and returns something that depends on all of them.
static uint64_t read_all(const uint8_t *bytes, int64_t count) {
  i32x16 sums[4] = {{0}, {0}, {0}, {0}};
  for (int64_t i = 0; i + 256 <= count; i += 256) {
    for (int j = 0; j < 4; j++) sums[j] ^= *(const i32x16 *)(bytes + i + 64 * j);
    // Unrolled loads out of order cost a quarter of the bandwidth.
    __asm__ volatile("" : : : "memory");
  }
  return (uint64_t)(uint32_t)sum_of_integers(sums[0] ^ sums[1] ^ sums[2] ^ sums[3]);
}

/// Multiply-adds of floats in registers only; returns how many additions and multiplications that was.
static int64_t peak_f32(int64_t turns) {
  f32x16 sums[TILE_ROWS * 2], factor = splat16(0.999f);
  for (int i = 0; i < TILE_ROWS * 2; i++) sums[i] = splat16((float)i);
  for (int64_t turn = 0; turn < turns; turn++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < TILE_ROWS * 2; i++) sums[i] = sums[i] * factor + factor;
    __asm__ volatile("" : "+m"(factor));
  }
  f32x16 total = sums[0];
  for (int i = 1; i < TILE_ROWS * 2; i++) total += sums[i];
  volatile float keep = sum16(total);
  (void)keep;
  return turns * TILE_ROWS * 2 * 16 * 2;
}

static int64_t peak(spud_format format, int64_t turns) {
  switch (format) {
    case SPUD_F32: case SPUD_F16: return peak_f32(turns);
    case SPUD_BF16: return peak_bf16(turns);
    default: return peak_int8(turns);
  }
}

#define SPUD_KERNELS \
  .product = product, .attention = attention, .bounds = bounds, .prepare = prepare, .normalize = normalize, \
  .add = add, .softmax = softmax, .read = read_all, .peak = peak, .rounds_to_bf16 = BF16_INPUT_UNIT == 4

const spud_kernels *NAME(spud_kernels)(void) {
  static const spud_kernels kernels = {SPUD_KERNELS};
  return &kernels;
}
