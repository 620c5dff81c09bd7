// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What is known in a raw image, and how many bytes it speaks of: a partition table, a boot sector or a file system.
///
/// Sources: the UEFI specification (GPT), Linux's `block/partitions/msdos.c` (which boot sectors are partition tables), and
/// each file system's own description.
struct DiskContent: Hashable {
    /// What it is, for messages.
    let name: String
    /// The least bytes that the file must have for it to be whole; 0 where it doesn't tell.
    let needed: UInt64

    /// Looks for it in a file's first bytes; nil where nothing is known.
    init?(_ prefix: [UInt8]) {
        let bytes = LittleEndianFields(prefix)
        guard
            let found = Self.gpt(bytes) ?? Self.iso(bytes) ?? Self.fileSystem(bytes) ?? Self.bootSector(bytes)
                ?? Self.mark(bytes)
        else { return nil }
        self = found
    }

    private init(_ name: String, needed: UInt64 = 0) {
        self.name = name
        self.needed = needed
    }

    /// A size of so many units; none where it can't be one.
    private init(_ name: String, _ count: UInt64, times unit: UInt64) {
        let (product, isTooLarge) = count.multipliedReportingOverflow(by: unit)
        self.init(name, needed: isTooLarge ? .max : product)
    }

    // MARK: - Partition tables

    private static func gpt(_ bytes: LittleEndianFields) -> DiskContent? {
        for sector in [512, 4096] where bytes.has("EFI PART", at: sector) {
            // The last block that partitions may use; the second table behind it is made anew where it is missing.
            let name = "GUID partition table"
            guard let last = bytes.long(sector + 48), last < UInt64.max else { return DiskContent(name) }
            return DiskContent(name, last + 1, times: UInt64(sector))
        }
        return nil
    }

    /// The mark of a boot sector, and the partitions that it may name.
    private static func bootSector(_ bytes: LittleEndianFields) -> DiskContent? {
        guard bytes.has([0x55, 0xaa], at: 510) else { return nil }
        var needed: UInt64 = 0
        for entry in stride(from: 446, to: 510, by: 16) {
            guard let state = bytes.byte(entry), let kind = bytes.byte(entry + 4),
                let start = bytes.word(entry + 8), let count = bytes.word(entry + 12)
            else { return nil }
            // Code or text where entries would be: a boot sector without a table.
            guard state & 0x7f == 0, kind != 0 || (start == 0 && count == 0) else {
                return DiskContent("boot sector")
            }
            // 0xee covers a disk with a GUID partition table, with any size.
            guard kind != 0, kind != 0xee else { continue }
            guard start > 0, count > 0 else { return DiskContent("boot sector") }
            needed = max(needed, (UInt64(start) + UInt64(count)) * 512)
        }
        return needed == 0 ? DiskContent("boot sector") : DiskContent("partition table", needed: needed)
    }

    // MARK: - File systems that tell their size

    private static func iso(_ bytes: LittleEndianFields) -> DiskContent? {
        guard bytes.has("CD001", at: 32_769) else { return nil }
        let name = "ISO 9660 file system"
        guard let count = bytes.word(32_768 + 80), let unit = bytes.half(32_768 + 128) else {
            return DiskContent(name)
        }
        return DiskContent(name, UInt64(count), times: UInt64(unit))
    }

    private static func fileSystem(_ bytes: LittleEndianFields) -> DiskContent? {
        ext(bytes) ?? xfs(bytes) ?? btrfs(bytes) ?? squash(bytes) ?? fat(bytes)
    }

    private static func ext(_ bytes: LittleEndianFields) -> DiskContent? {
        guard bytes.half(1024 + 56) == 0xef53, let shift = bytes.word(1024 + 24), shift <= 6,
            let low = bytes.word(1024 + 4), let features = bytes.word(1024 + 96),
            let high = bytes.word(1024 + 336)
        else { return nil }
        // 64bit: the count's upper half is in use.
        let count = UInt64(low) | (features & 0x80 == 0 ? 0 : UInt64(high) << 32)
        return DiskContent("ext file system", count, times: 1024 << UInt64(shift))
    }

    private static func xfs(_ bytes: LittleEndianFields) -> DiskContent? {
        guard bytes.has("XFSB", at: 0), let unit = bytes.bigWord(4), let count = bytes.bigLong(8) else {
            return nil
        }
        return DiskContent("XFS file system", count, times: UInt64(unit))
    }

    private static func btrfs(_ bytes: LittleEndianFields) -> DiskContent? {
        guard bytes.has("_BHRfS_M", at: 65_536 + 64) else { return nil }
        let name = "Btrfs file system"
        // Of several devices, the total is not this one's.
        guard bytes.long(65_536 + 136) == 1, let size = bytes.long(65_536 + 112) else {
            return DiskContent(name)
        }
        return DiskContent(name, needed: size)
    }

    private static func squash(_ bytes: LittleEndianFields) -> DiskContent? {
        guard bytes.has("hsqs", at: 0), let used = bytes.long(40) else { return nil }
        return DiskContent("SquashFS file system", needed: used)
    }

    private static func fat(_ bytes: LittleEndianFields) -> DiskContent? {
        guard bytes.has([0x55, 0xaa], at: 510) else { return nil }
        if bytes.has("NTFS    ", at: 3), let unit = bytes.half(11), let count = bytes.long(40) {
            return DiskContent("NTFS file system", count, times: UInt64(unit))
        }
        if bytes.has("EXFAT   ", at: 3), let count = bytes.long(72), let shift = bytes.byte(108), shift <= 12
        {
            return DiskContent("exFAT file system", count, times: 1 << UInt64(shift))
        }
        guard bytes.has("FAT", at: 54) || bytes.has("FAT32", at: 82), let unit = bytes.half(11),
            let small = bytes.half(19), let large = bytes.word(32)
        else { return nil }
        return DiskContent("FAT file system", small > 0 ? UInt64(small) : UInt64(large), times: UInt64(unit))
    }

    // MARK: - Others, by a mark alone

    private static let marks: [(offset: Int, bytes: [UInt8], name: String)] = [
        // JFS, ReiserFS, Reiser4, F2FS, NILFS2, EROFS, bcachefs, OCFS2, GFS2, Minix, cramfs, romfs.
        (32_768, Array("JFS1".utf8), "JFS file system"),
        (65_536 + 52, Array("ReIsEr".utf8), "ReiserFS file system"),
        (65_536, Array("ReIsEr4".utf8), "Reiser4 file system"),
        (1024, [0x10, 0x20, 0xf5, 0xf2], "F2FS file system"),
        (1024 + 6, [0x34, 0x34], "NILFS2 file system"),
        (1024, [0xe2, 0xe1, 0xf5, 0xe0], "EROFS file system"),
        (4096 + 24, [0xc6, 0x85, 0x73, 0xf6, 0x4e, 0x1a, 0x45, 0xca], "bcachefs file system"),
        (65_536, [0x01, 0x16, 0x19, 0x70], "GFS2 file system"),
        (0, [0x45, 0x3d, 0xcd, 0x28], "cramfs file system"), (0, Array("-rom1fs-".utf8), "romfs file system"),
        // UDF, HFS, HFS+, APFS, ZFS, UFS.
        (32_769, Array("BEA01".utf8), "UDF file system"), (32_769, Array("NSR0".utf8), "UDF file system"),
        (1024, Array("H+".utf8) + [0, 4], "HFS+ file system"),
        (1024, Array("HX".utf8) + [0, 5], "HFSX file system"),
        (32, Array("NXSB".utf8), "APFS container"),
        (131_072, [0x0c, 0xb1, 0xba, 0, 0, 0, 0, 0], "ZFS pool"),
        (8192 + 1372, [0x54, 0x19, 0x01, 0], "UFS file system"),
        (8192 + 1372, [0x19, 0x01, 0x54, 0x19], "UFS2 file system"),
        (65_536 + 1372, [0x19, 0x01, 0x54, 0x19], "UFS2 file system"),
        // Tables of other systems, volumes and swap.
        (0, Array("ER".utf8) + [2, 0], "Apple partition map"),
        (512, Array("PM".utf8) + [0, 0], "Apple partition map"),
        (508, [0xda, 0xbe], "Sun disk label"), (512, [0x57, 0x45, 0x56, 0x82], "BSD disk label"),
        (64, [0x57, 0x45, 0x56, 0x82], "BSD disk label"),
        (0, Array("LABELONE".utf8), "LVM volume"), (512, Array("LABELONE".utf8), "LVM volume"),
        (1024, Array("LABELONE".utf8), "LVM volume"), (1536, Array("LABELONE".utf8), "LVM volume"),
        (0, [0xfc, 0x4e, 0x2b, 0xa9], "Linux RAID"), (4096, [0xfc, 0x4e, 0x2b, 0xa9], "Linux RAID"),
        (4086, Array("SWAPSPACE2".utf8), "swap space"),
    ]

    private static func mark(_ bytes: LittleEndianFields) -> DiskContent? {
        marks.first { bytes.has($0.bytes, at: $0.offset) }.map { DiskContent($0.name) }
    }
}

/// Reads numbers and marks, and nothing behind the end.
private struct LittleEndianFields {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func has(_ mark: [UInt8], at offset: Int) -> Bool {
        offset + mark.count <= bytes.count && bytes[offset..<offset + mark.count].elementsEqual(mark)
    }

    func has(_ mark: String, at offset: Int) -> Bool { has(Array(mark.utf8), at: offset) }

    func byte(_ offset: Int) -> UInt8? { bytes.indices.contains(offset) ? bytes[offset] : nil }

    func half(_ offset: Int) -> UInt16? { number(offset, 2).map { UInt16(truncatingIfNeeded: $0) } }

    func word(_ offset: Int) -> UInt32? { number(offset, 4).map { UInt32(truncatingIfNeeded: $0) } }

    func long(_ offset: Int) -> UInt64? { number(offset, 8) }

    func bigWord(_ offset: Int) -> UInt32? { word(offset)?.byteSwapped }

    func bigLong(_ offset: Int) -> UInt64? { long(offset)?.byteSwapped }

    private func number(_ offset: Int, _ count: Int) -> UInt64? {
        guard offset + count <= bytes.count else { return nil }
        return bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
