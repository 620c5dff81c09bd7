// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Files that are known by their first or last bytes and not taken.
enum ForeignFormat {
    private enum Kind {
        case disk, packed, program
    }

    private struct Magic {
        let offset: Int
        let bytes: [UInt8]
        let name: String
        let kind: Kind

        init(_ bytes: String, _ name: String, _ kind: Kind, at offset: Int = 0) {
            self.init(Array(bytes.utf8), name, kind, at: offset)
        }

        init(_ bytes: [UInt8], _ name: String, _ kind: Kind, at offset: Int = 0) {
            self.offset = offset
            self.bytes = bytes
            self.name = name
            self.kind = kind
        }
    }

    private static let magics: [Magic] = [
        Magic("KDMV", "a VMDK image", .disk), Magic("COWD", "a VMDK image", .disk),
        Magic("# Disk DescriptorFile", "a VMDK descriptor", .disk),
        Magic("vhdxfile", "a VHDX image", .disk), Magic("conectix", "a VHD image", .disk),
        Magic([0x7f, 0x10, 0xda, 0xbe], "a VDI image", .disk, at: 64), Magic("QED\0", "a QED image", .disk),
        Magic(Array("LUKS".utf8) + [0xba, 0xbe], "a LUKS volume", .disk),
        Magic("WithoutFreeSpace", "a Parallels image", .disk),
        Magic("WithouFreSpacExt", "a Parallels image", .disk),
        Magic("Bochs Virtual HD Image", "a Bochs image", .disk),
        Magic("OOOM", "a User Mode Linux COW image", .disk),
        Magic([0x3a, 0xff, 0x26, 0xed], "an Android sparse image", .packed),
        Magic("MSWIM\0\0\0", "a Windows Imaging file", .packed),
        Magic("#!/bin/sh\n#V2.0 Format", "a cloop image", .packed),
        Magic([0x1f, 0x8b], "a gzip file", .packed), Magic([0x1f, 0x9d], "a compress (.Z) file", .packed),
        Magic([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "an xz file", .packed),
        Magic("BZh", "a bzip2 file", .packed), Magic([0x28, 0xb5, 0x2f, 0xfd], "a zstd file", .packed),
        Magic([0x04, 0x22, 0x4d, 0x18], "an lz4 file", .packed), Magic("LZIP", "an lzip file", .packed),
        Magic([0x89, 0x4c, 0x5a, 0x4f], "an lzop file", .packed),
        Magic([0x5d, 0, 0], "an lzma file", .packed), Magic("LRZI", "an lrzip file", .packed),
        Magic([0x50, 0x4b, 3, 4], "a zip file", .packed), Magic([0x50, 0x4b, 5, 6], "a zip file", .packed),
        Magic([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], "a 7z file", .packed),
        Magic("Rar!", "a RAR file", .packed), Magic("MSCF", "a cabinet file", .packed),
        Magic("ustar", "a tar archive", .packed, at: 257), Magic("070701", "a cpio archive", .packed),
        Magic("!<arch>\n", "an ar archive", .packed),
        Magic([0xed, 0xab, 0xee, 0xdb], "an RPM package", .packed),
        Magic([0x7f, 0x45, 0x4c, 0x46], "an ELF program", .program),
        Magic("%PDF-", "a PDF document", .program),
        Magic([0x89, 0x50, 0x4e, 0x47], "a PNG picture", .program),
        Magic("#!", "a script", .program), Magic("-----BEGIN ", "a PEM file", .program),
    ]

    /// Why a file is not taken, by its ends; nil where they tell nothing.
    static func refusal(_ prefix: [UInt8], _ suffix: [UInt8]) -> FormatRefusal? {
        // A fixed VHD is the disk's bytes and then a footer; early ones lack its last byte.
        for size in [512, 511] where suffix.suffix(size).starts(with: "conectix".utf8) && suffix.count >= size
        {
            return refusal("a fixed VHD image (it ends with a VHD footer)", .disk)
        }
        if suffix.count >= 512, suffix.suffix(512).starts(with: "koly".utf8) {
            return refusal("an Apple disk image (it ends with a DMG footer)", .packed)
        }
        for magic in magics where prefix.dropFirst(magic.offset).starts(with: magic.bytes) {
            // A boot loader may begin like a program; a disk has its sector's mark.
            if magic.kind == .program, DiskContent(prefix) != nil { continue }
            return refusal(magic.name, magic.kind)
        }
        return text(prefix)
    }

    private static func refusal(_ name: String, _ kind: Kind) -> FormatRefusal {
        let advice =
            switch kind {
            case .disk: "Convert it: qemu-img convert -O qcow2 <old> <new>"
            case .packed: "Unpack it first."
            case .program: "The name or URL leads to another file than the image."
            }
        return FormatRefusal("it is \(name), neither QCOW2 nor raw", advice: advice)
    }

    // MARK: - Texts

    private static let pageAdvice =
        "The URL leads to a page or an error, not to the image itself: open it, and see."

    /// Pages and other texts, whatever stands before their first mark.
    private static func text(_ prefix: [UInt8]) -> FormatRefusal? {
        var start = prefix[...]
        if start.starts(with: [0xef, 0xbb, 0xbf]) { start = start.dropFirst(3) }
        start = start.drop { [9, 10, 12, 13, 32].contains($0) }
        let head = start.prefix(64)
        // No disk begins with these, even where the rest is not text.
        let word = String(decoding: head, as: UTF8.self).lowercased()
        for mark in ["<!--", "<!doctype", "<html", "<head", "<body", "<?xml", "<script", "<?php"]
        where word.hasPrefix(mark) {
            return FormatRefusal(
                "it is \(isXML(start) ? "an XML document" : "a web page"), no disk image: it begins with \(shown(start))",
                advice: pageAdvice
            )
        }
        // Cut where a character may be in the midst.
        guard let sample = plainText(prefix.prefix(4096)) else { return nil }
        let kind = sample.first == "{" || sample.first == "[" ? "a JSON document" : "a text"
        return FormatRefusal(
            "it is \(kind), no disk image: it begins with \(shown(start))",
            advice: pageAdvice
        )
    }

    private static func isXML(_ text: ArraySlice<UInt8>) -> Bool {
        let head = String(decoding: text.prefix(1024), as: UTF8.self).lowercased()
        return head.hasPrefix("<?xml") && !head.contains("<html") && !head.contains("<!doctype html")
    }

    private static func shown(_ text: ArraySlice<UInt8>) -> String {
        let words = String(decoding: text.prefix(400), as: UTF8.self).split(whereSeparator: \.isWhitespace)
        return "\"\(excerpt(words.joined(separator: " "), around: 80))\""
    }

    /// The text that bytes are; nil where they are none.
    private static func plainText(_ bytes: ArraySlice<UInt8>) -> Substring? {
        let hasControls = bytes.contains { $0 < 32 && ![9, 10, 12, 13, 27].contains($0) || $0 == 127 }
        guard !bytes.isEmpty, !hasControls else { return nil }
        // The last character may be cut: at most 3 bytes of it are here.
        for dropped in 0...min(3, bytes.count - 1) {
            if let text = String(validating: bytes.dropLast(dropped), as: UTF8.self) {
                return text.drop { $0.isWhitespace }
            }
        }
        return nil
    }
}
