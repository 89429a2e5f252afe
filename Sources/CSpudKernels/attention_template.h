// Attention of one tile of queries, for one instruction set: included once by kernels_template.h.

/// 32 values of one position, as floats.
SPUD_INLINE void load_values(const uint8_t *row, int64_t column, int64_t width, spud_format format, f32x16 *low,
    f32x16 *high) {
  if (format == SPUD_F32) {
    *low = load16((const float *)row + column), *high = load16((const float *)row + column + 16);
  } else if (format == SPUD_BF16) {
    typedef uint16_t u16x16 __attribute__((vector_size(32), aligned(2)));
    const u16x16 *from = (const u16x16 *)(row + 2 * column);
    *low = (f32x16)(__builtin_convertvector(from[0], i32x16) << 16);
    *high = (f32x16)(__builtin_convertvector(from[1], i32x16) << 16);
  } else {
    typedef int8_t i8x16 __attribute__((vector_size(16), aligned(1)));
    const i8x16 *from = (const i8x16 *)(row + column);
    const float scale = spud_load_float(row + (width + 31) / 32 * 32 + column / 32 * 4);
    *low = __builtin_convertvector(__builtin_convertvector(from[0], i32x16), f32x16) * scale;
    *high = __builtin_convertvector(__builtin_convertvector(from[1], i32x16), f32x16) * scale;
  }
}

/// Writes 32 columns of a row's output, times `factor`, as many as the head has.
SPUD_INLINE void write_columns(const spud_attention *a, int64_t row, int64_t column, float factor, f32x16 low, f32x16 high) {
  const int64_t width = spud_min(32, a->head_width - column);
  float *const output = a->outputs[row] + column;
  low *= factor, high *= factor;
  if (width == 32) {
    store16(output, low), store16(output + 16, high);
  } else {
    for (int64_t i = 0; i < width; i++) output[i] = i < 16 ? low[i] : high[i - 16];
  }
}

/// output[r, column ..< column + 32 · blocks] = Σ probabilities[r, position] · values[position, column…] / sums[r].
SPUD_INLINE void combine(
    const spud_attention *a, int64_t column, int64_t positions, const float *sums, spud_format format, const int m,
        const int blocks
) {
  f32x16 acc[SPUD_ATTENTION_ROWS * 2];  // m * blocks is at most 6
  SPUD_EACH(i, m * blocks * 2) acc[i] = (f32x16){0};
  const uint8_t *row = a->values;
  for (int64_t position = 0; position < positions; position++, row += a->value_stride) {
    // One query reads values as fast as memory gives them, and memory gives more when it is asked early.
    if (m == 1) {
      for (int line = 0; line < blocks * 2; line += 1) __builtin_prefetch(row + 16 * a->value_stride + 64 * line, 0, 3);
    }
    SPUD_EACH(b, blocks) {
      f32x16 low, high;
      load_values(row, column + 32 * b, a->head_width, format, &low, &high);
      SPUD_EACH(r, m) {
        const float probability = a->scores[r * a->score_stride + position];
        acc[(r * blocks + b) * 2] += probability * low;
        acc[(r * blocks + b) * 2 + 1] += probability * high;
      }
    }
  }
  SPUD_EACH(r, m) SPUD_EACH(b, blocks) {
    write_columns(a, r, column + 32 * b, 1.0f / sums[r], acc[(r * blocks + b) * 2], acc[(r * blocks + b) * 2 + 1]);
  }
}

#if BF16_INPUT_UNIT == 4
/// The same of a bfloat16 cache, two positions at a time: `scores` hold pairs of bfloat16 (`pair_scores`).
SPUD_INLINE void combine_pairs(
    const spud_attention *a, int64_t column, int64_t positions, const float *sums, const int m, const int blocks
) {
  __m512 acc[SPUD_ATTENTION_ROWS * 2];  // m * blocks is at most 6
  SPUD_EACH(i, m * blocks * 2) acc[i] = _mm512_setzero_ps();
  const uint8_t *row = a->values + 2 * column;
  for (int64_t position = 0; position < positions; position += 2, row += 2 * a->value_stride) {
    // An odd last position goes with itself, whose second probability is zero.
    const uint8_t *const next = position + 1 < positions ? row + a->value_stride : row;
    if (m == 1) {
      for (int line = 0; line < blocks; line++) {
        __builtin_prefetch(row + 16 * a->value_stride + 64 * line, 0, 3);
        __builtin_prefetch(row + 17 * a->value_stride + 64 * line, 0, 3);
      }
    }
    SPUD_EACH(b, blocks) {
      const __m512i first = _mm512_loadu_si512(row + 64 * b), second = _mm512_loadu_si512(next + 64 * b);
      // Columns 8k…8k+3 and 8k+4…8k+7 of both.
      const __m512bh low = (__m512bh)_mm512_unpacklo_epi16(first, second);
      const __m512bh high = (__m512bh)_mm512_unpackhi_epi16(first, second);
      SPUD_EACH(r, m) {
        const __m512bh pair = (__m512bh)input4((const uint8_t *)(a->scores + r * a->score_stride) + 2 * position);
        acc[(r * blocks + b) * 2] = _mm512_dpbf16_ps(acc[(r * blocks + b) * 2], low, pair);
        acc[(r * blocks + b) * 2 + 1] = _mm512_dpbf16_ps(acc[(r * blocks + b) * 2 + 1], high, pair);
      }
    }
  }
  SPUD_EACH(r, m) SPUD_EACH(b, blocks) {
    const f32x16 even = (f32x16)acc[(r * blocks + b) * 2], odd = (f32x16)acc[(r * blocks + b) * 2 + 1];
    write_columns(a, r, column + 32 * b, 1.0f / sums[r],
        __builtin_shufflevector(even, odd, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23),
        __builtin_shufflevector(even, odd, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31));
  }
}
#endif

SPUD_INLINE void combine_format(
    const spud_attention *a, int64_t column, int64_t positions, const float *sums, const int m, const int blocks
) {
  switch (a->format) {
    case SPUD_F32: combine(a, column, positions, sums, SPUD_F32, m, blocks); break;
#if BF16_INPUT_UNIT == 4
    case SPUD_BF16: combine_pairs(a, column, positions, sums, m, blocks); break;
#else
    case SPUD_BF16: combine(a, column, positions, sums, SPUD_BF16, m, blocks); break;
#endif
    default: combine(a, column, positions, sums, SPUD_Q8_0, m, blocks); break;
  }
}

/// All columns, as many at a time as the registers hold sums for: a lone query passes over a head's values once.
SPUD_INLINE void combine_rows(const spud_attention *a, int64_t positions, const float *sums, const int m) {
  const int wide = m == 1 ? 4 : m <= 3 ? 2 : 1;
  const int64_t blocks = (a->head_width + 31) / 32;
  int64_t block = 0;
  for (; block + wide <= blocks; block += wide) combine_format(a, block * 32, positions, sums, m, wide);
  for (; block < blocks; block++) combine_format(a, block * 32, positions, sums, m, 1);
}

static void attention(const spud_attention *a) {
  const tile_function tile = tile_of(a->format);
  const uint8_t *inputs[SPUD_ATTENTION_ROWS];
  int64_t longest = 0;
  for (int64_t r = 0; r < a->rows; r++) {
    uint8_t *room = a->prepared + r * a->prepared_stride;
    const float *query = a->queries[r];
    float padded[SPUD_MAX_HEAD_WIDTH];
    if (a->head_width % 32 != 0) {
      // The next head must not leak into this one's scale.
      memset(padded, 0, sizeof padded);
      memcpy(padded, query, a->head_width * sizeof *query);
      query = padded;
    }
    prepare(a->format, query, a->head_width, room);
    inputs[r] = room;
    if (a->lengths[r] > longest) longest = a->lengths[r];
  }
  for (int64_t panel = 0; panel * SPUD_PANEL_ROWS < longest; panel++) {
    const uint8_t *keys = a->keys + panel * a->key_panel_bytes;
    for (int64_t r = 0; r < a->rows; r += TILE_ROWS) {
      const int m = (int)spud_min(TILE_ROWS, a->rows - r);
      tile(keys, a->key_units, inputs + r, m, a->scores + r * a->score_stride + panel * SPUD_PANEL_ROWS,
          a->score_stride, 1);
    }
  }
  float sums[SPUD_ATTENTION_ROWS];
  for (int64_t r = 0; r < a->rows; r++) {
    float *scores = a->scores + r * a->score_stride;
    sums[r] = exponentials(scores, a->lengths[r], a->scale);
    for (int64_t i = a->lengths[r]; i < longest; i++) scores[i] = 0;
#if BF16_INPUT_UNIT == 4
    if (a->format == SPUD_BF16) pair_scores(scores, longest);
#endif
  }
  switch (a->rows) {
    case 1: combine_rows(a, longest, sums, 1); break;
    case 2: combine_rows(a, longest, sums, 2); break;
    case 3: combine_rows(a, longest, sums, 3); break;
    case 4: combine_rows(a, longest, sums, 4); break;
    case 5: combine_rows(a, longest, sums, 5); break;
    default: combine_rows(a, longest, sums, 6); break;
  }
}
