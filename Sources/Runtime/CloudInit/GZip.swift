// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Unpacks gzip, to a size that is bounded whatever is in it.
enum GZip {
    /// Why something can't be unpacked.
    enum Failure: Error {
        case damaged
        case tooLarge
    }

    /// Whether bytes begin as gzip does.
    static func isGZip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// The content of all members.
    static func unpacked(_ bytes: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
        var stream = z_stream()
        guard czlib_begin(&stream) == Z_OK else { throw .damaged }
        defer { inflateEnd(&stream) }
        // A byte more than the limit tells that there is more.
        var output = [UInt8](repeating: 0, count: limit + 1)
        let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        defer { input.deallocate() }
        _ = input.initialize(from: bytes)
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(clamping: bytes.count)
        var status = Z_OK
        let count = output.withUnsafeMutableBufferPointer { output in
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(clamping: output.count)
            while stream.avail_out > 0 {
                status = inflate(&stream, Z_NO_FLUSH)
                guard status == Z_STREAM_END, stream.avail_in > 0, stream.next_in.pointee != 0 else {
                    if status == Z_OK, stream.avail_in > 0 { continue }
                    break
                }
                guard inflateReset(&stream) == Z_OK else { break }
            }
            return output.count - Int(stream.avail_out)
        }
        guard count <= limit else { throw .tooLarge }
        guard status == Z_STREAM_END else { throw .damaged }
        return Array(output[..<count])
    }
}
