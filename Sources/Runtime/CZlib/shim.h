// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

// zlib, whose entry to gzip is a macro.
#pragma once
#include <zlib.h>

static inline int czlib_begin(z_stream *stream) { return inflateInit2(stream, MAX_WBITS + 16); }
