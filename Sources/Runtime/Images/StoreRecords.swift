// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ImageFormats
import JSON

/// What is written down about an image.
struct ImageRecord: Hashable {
    static let schema = 1

    var size: UInt64
    var virtualSize: UInt64
    var format: ImageFormat
    var isPinned: Bool

    var json: JSONValue {
        .object(
            JSONObject([
                ("schema", .integer(Self.schema)), ("size", .number(String(size))),
                ("virtualSize", .number(String(virtualSize))), ("format", .string(format.rawValue)),
                ("pinned", .bool(isPinned)),
            ])
        )
    }
}

extension ImageRecord {
    init(json: JSONValue) throws(JSONError) {
        let fields = try JSONFields(json)
        _ = try fields.integer("schema", in: 1...Self.schema)
        size = UInt64(try fields.integer("size", in: 1...Int.max))
        virtualSize = UInt64(try fields.integer("virtualSize", in: 1...Int.max))
        let word = try fields.string("format")
        guard let format = ImageFormat(rawValue: word) else { throw fields.error("format", "is not known") }
        self.format = format
        isPinned = try fields.optionalBool("pinned") ?? false
    }
}

/// Where a name leads, and where the content came from.
///
/// Schema 2 has `pulled` and `public`. Of records of schema 1 nobody knows with which credentials they were pulled: their
/// servers are asked again.
struct NameRecord: Hashable {
    static let schema = 2

    var reference: ImageReference
    var image: ImageDigest
    var origin: Origin?
    var access = Access()

    /// How the content came under the name.
    struct Access: Hashable, Sendable {
        /// Whether the name's server sent it, or the name demands its digest: a file's name proves nothing of a server.
        var isPulled = false
        /// Whether no credentials of a pull were needed: every pod may have it by this name.
        var isPublic = false
    }

    /// What a server called the content, so that it need not be loaded again.
    struct Origin: Hashable, Sendable {
        /// The digest of the URL, which may hold secrets.
        var url: ImageDigest
        var etag: String
    }

    var json: JSONValue {
        var object = JSONObject([
            ("schema", .integer(Self.schema)), ("name", .string(reference.description)),
            ("image", .string(image.description)), ("pulled", .bool(access.isPulled)),
            ("public", .bool(access.isPublic)),
        ])
        if let origin {
            object["source"] = .object(
                JSONObject([("url", .string(origin.url.description)), ("etag", .string(origin.etag))])
            )
        }
        return .object(object)
    }
}

extension NameRecord {
    init(json: JSONValue) throws(JSONError) {
        let fields = try JSONFields(json)
        let schema = try fields.integer("schema", in: 1...Self.schema)
        let name = try fields.string("name")
        do throws(ImageError) {
            reference = try ImageReference(name)
        } catch {
            throw fields.error("name", error.cause)
        }
        image = try fields.digest("image")
        if let source = try fields.optionalFields("source") {
            let etag = try source.string("etag")
            guard PartialFile.isPlain(etag) else {
                throw source.error("etag", "has other signs than ASCII's")
            }
            origin = Origin(url: try source.digest("url"), etag: etag)
        }
        access =
            schema == 1
            ? Access(isPulled: origin != nil, isPublic: false)
            : Access(
                isPulled: try fields.optionalBool("pulled") ?? false,
                isPublic: try fields.optionalBool("public") ?? false
            )
    }
}

extension JSONFields {
    fileprivate func digest(_ key: String) throws(JSONError) -> ImageDigest {
        guard let digest = ImageDigest(try string(key)) else { throw error(key, "is not a sha256:…") }
        return digest
    }
}
