// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The header of a QCOW2 image, checked before QEMU sees it.
///
/// An image is a program for QEMU's parser, and may name files of the host. What is refused here: other files
/// (backing file, external data file), encryption, snapshots, unknown features, tables that are larger than
/// QEMU takes, do not lie in the file or do not fit the disk's size.
///
/// Source: `docs/interop/qcow2.txt` of QEMU; the limits are those of `block/qcow2.h`.
struct QCOW2Header: Hashable {
    static let magic: [UInt8] = [0x51, 0x46, 0x49, 0xfb]

    let version: UInt32
    let clusterBits: UInt32
    let virtualSize: UInt64

    private static let mostL1Bytes: UInt64 = 32 << 20
    private static let mostRefcountTableBytes: UInt64 = 8 << 20
    private static let mostExtensions = 64

    init(_ prefix: [UInt8], fileSize: UInt64, limits: ImageLimits) throws(FormatRefusal) {
        let fields = BigEndianFields(prefix)
        version = try fields.word(4)
        guard version == 2 || version == 3 else {
            throw FormatRefusal(
                "it is QCOW of version \(version); 2 and 3 are known",
                advice: "Convert it: qemu-img convert -O qcow2 <old> <new>"
            )
        }
        guard try fields.long(8) == 0, try fields.word(16) == 0 else {
            throw FormatRefusal(
                "it lies on another image (backing file), and images must be whole by themselves",
                advice: "Flatten it: qemu-img convert -O qcow2 <old> <new>"
            )
        }
        clusterBits = try fields.word(20)
        guard (9...21).contains(clusterBits) else {
            throw FormatRefusal("its clusters have 2^\(clusterBits) bytes; 2^9 to 2^21 are known")
        }
        virtualSize = try fields.long(24)
        guard virtualSize > 0 else { throw FormatRefusal("its disk has no size") }
        guard virtualSize <= limits.mostVirtualBytes else {
            throw FormatRefusal(
                "its disk has \(virtualSize) bytes, more than the \(limits.mostVirtualBytes) that are allowed"
            )
        }
        guard try fields.word(32) == 0 else {
            throw FormatRefusal(
                "it is encrypted",
                advice: "Convert it: qemu-img convert -O qcow2 <old> <new>"
            )
        }
        let features = try Features(fields, version: version, clusterBits: clusterBits)
        try Self.checkTables(
            fields,
            fileSize: fileSize,
            clusterBits: clusterBits,
            virtualSize: virtualSize,
            hasExtendedL2: features.hasExtendedL2
        )
        guard try fields.word(60) == 0 else {
            throw FormatRefusal(
                "it holds snapshots",
                advice: "Convert it, which leaves them out: qemu-img convert -O qcow2 <old> <new>"
            )
        }
        try Self.checkExtensions(fields, from: features.headerLength, clusterBits: clusterBits, fileSize)
    }

    private static func checkTables(
        _ fields: BigEndianFields,
        fileSize: UInt64,
        clusterBits: UInt32,
        virtualSize: UInt64,
        hasExtendedL2: Bool
    ) throws(FormatRefusal) {
        let cluster = UInt64(1) << clusterBits
        func check(_ table: String, at offset: UInt64, bytes: UInt64) throws(FormatRefusal) {
            guard offset >= cluster, offset.isMultiple(of: cluster) else {
                throw FormatRefusal(
                    "its \(table) lies at \(offset), which is not a cluster behind the header"
                )
            }
            guard offset <= fileSize, bytes <= fileSize - offset else {
                throw FormatRefusal("its \(table) ends behind the end of the file: it is cut short")
            }
        }
        // How many bits of the disk's size a cluster of an L2 table stands for.
        let bits = UInt64(clusterBits) * 2 - (hasExtendedL2 ? 4 : 3)
        let needed = virtualSize >> bits + (virtualSize & (1 << bits - 1) == 0 ? 0 : 1)
        let l1Entries = UInt64(try fields.word(36))
        guard l1Entries * 8 <= mostL1Bytes else {
            throw FormatRefusal("its L1 table has \(l1Entries) entries, more than QEMU takes")
        }
        guard l1Entries >= needed else {
            throw FormatRefusal(
                "its L1 table has \(l1Entries) entries, and a disk of \(virtualSize) bytes needs \(needed)"
            )
        }
        try check("L1 table", at: fields.long(40), bytes: l1Entries * 8)
        let refcountBytes = UInt64(try fields.word(56)) << clusterBits
        guard refcountBytes > 0, refcountBytes <= mostRefcountTableBytes else {
            throw FormatRefusal("its refcount table has \(refcountBytes) bytes; 1 to 8 MiB are known")
        }
        try check("refcount table", at: fields.long(48), bytes: refcountBytes)
    }

    private static func checkExtensions(
        _ fields: BigEndianFields,
        from start: Int,
        clusterBits: UInt32,
        _ fileSize: UInt64
    ) throws(FormatRefusal) {
        let end = min(1 << Int(clusterBits), Int(clamping: fileSize))
        var offset = start
        for _ in 0..<mostExtensions {
            // A header that fills its cluster needs no mark at its end.
            guard offset + 8 <= end else { return }
            let kind = try fields.word(offset)
            if kind == 0 { return }
            let length = Int(try fields.word(offset + 4))
            guard length <= end - offset - 8 else {
                throw FormatRefusal("an extension of its header ends behind the first cluster")
            }
            switch kind {
            case 0x4441_5441:
                throw FormatRefusal(
                    "its data lie in another file",
                    advice: "Convert it: qemu-img convert -O qcow2 <old> <new>"
                )
            case 0x0537_be77: throw FormatRefusal("it is encrypted")
            default: offset += 8 + (length + 7) / 8 * 8
            }
        }
        throw FormatRefusal("its header has more than \(mostExtensions) extensions")
    }

    /// What version 3 adds.
    private struct Features {
        let hasExtendedL2: Bool
        let headerLength: Int

        init(_ fields: BigEndianFields, version: UInt32, clusterBits: UInt32) throws(FormatRefusal) {
            guard version >= 3 else {
                hasExtendedL2 = false
                headerLength = 72
                return
            }
            let incompatible = try fields.long(72)
            let advice = "Repair it: qemu-img check -r all <image>"
            if incompatible & 1 != 0 { throw FormatRefusal("it was not closed properly", advice: advice) }
            if incompatible & 2 != 0 { throw FormatRefusal("it is marked as corrupt", advice: advice) }
            if incompatible & 4 != 0 {
                throw FormatRefusal(
                    "its data lie in another file",
                    advice: "Convert it: qemu-img convert -O qcow2 <old> <new>"
                )
            }
            guard incompatible & ~0b11000 == 0 else {
                throw FormatRefusal(
                    "it needs features that are not known (0x\(String(incompatible, radix: 16)))"
                )
            }
            hasExtendedL2 = incompatible & 16 != 0
            guard !hasExtendedL2 || clusterBits >= 14 else {
                throw FormatRefusal("its clusters are too small for extended L2 entries")
            }
            guard try fields.word(96) <= 6 else {
                throw FormatRefusal("its refcounts are wider than 64 bits")
            }
            let length = try fields.word(100)
            guard length >= 104, length.isMultiple(of: 8), length <= UInt32(1) << clusterBits else {
                throw FormatRefusal("its header says that it has \(length) bytes")
            }
            headerLength = Int(length)
            let compression = length > 104 ? try fields.byte(104) : 0
            guard compression <= 1, (compression != 0) == (incompatible & 8 != 0) else {
                throw FormatRefusal("its compression is of type \(compression); zlib and zstd are known")
            }
        }
    }
}

/// Reads numbers whose first byte is the highest, and never behind the end.
struct BigEndianFields {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func byte(_ offset: Int) throws(FormatRefusal) -> UInt8 {
        guard bytes.indices.contains(offset) else { throw FormatRefusal("its header is cut short") }
        return bytes[offset]
    }

    func word(_ offset: Int) throws(FormatRefusal) -> UInt32 {
        var value: UInt32 = 0
        for place in offset..<offset + 4 { value = value << 8 | UInt32(try byte(place)) }
        return value
    }

    func long(_ offset: Int) throws(FormatRefusal) -> UInt64 {
        let high = try word(offset)
        return UInt64(high) << 32 | UInt64(try word(offset + 4))
    }
}
