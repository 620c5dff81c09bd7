// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CYaml

/// A document's events, as libyaml finds them, one by one.
final class YAMLEvents {
    /// What is found next.
    struct Event {
        let kind: Kind
        let place: YAMLPlace
        var anchor: String?
        var tag: String?
    }

    /// What can be found.
    enum Kind {
        /// The stream or a document begins.
        case begin
        case alias(String)
        case scalar(String, isPlain: Bool)
        case list
        case map
        /// The list or map ends.
        case collectionEnd
        case documentEnd
        /// The stream ends.
        case end
    }

    /// libyaml compares each `%TAG` with all before it.
    private static let mostTagLines = 32

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let bytes: UnsafeMutableBufferPointer<UInt8>

    init(_ text: String) throws(YAMLError) {
        bytes = .allocate(capacity: text.utf8.count)
        _ = bytes.initialize(from: text.utf8)
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        guard yaml_parser_initialize(parser) == 1 else {
            throw YAMLError("there is no memory to read it", at: nil)
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
        try checkTagLines()
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        bytes.deallocate()
    }

    private func checkTagLines() throws(YAMLError) {
        let word = Array("%TAG".utf8)
        var count = 0
        var isAtStart = true
        for (index, byte) in bytes.enumerated() {
            if isAtStart, byte == word[0], bytes[index...].starts(with: word) { count += 1 }
            isAtStart = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
        }
        guard count <= Self.mostTagLines else {
            throw YAMLError("it has more than \(Self.mostTagLines) lines that begin with %TAG", at: nil)
        }
    }

    /// The next event.
    func next() throws(YAMLError) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { yaml_event_delete(&event) }
        let place = Self.place(event.start_mark)
        switch event.type {
        case YAML_ALIAS_EVENT:
            return Event(kind: .alias(Self.text(event.data.alias.anchor) ?? ""), place: place)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = String(
                decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length),
                as: UTF8.self
            )
            return Event(
                kind: .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE),
                place: place,
                anchor: Self.text(scalar.anchor),
                tag: Self.text(scalar.tag)
            )
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            return Event(
                kind: .list,
                place: place,
                anchor: Self.text(start.anchor),
                tag: Self.text(start.tag)
            )
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            return Event(
                kind: .map,
                place: place,
                anchor: Self.text(start.anchor),
                tag: Self.text(start.tag)
            )
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return Event(kind: .collectionEnd, place: place)
        case YAML_DOCUMENT_END_EVENT: return Event(kind: .documentEnd, place: place)
        case YAML_STREAM_START_EVENT, YAML_DOCUMENT_START_EVENT: return Event(kind: .begin, place: place)
        // libyaml yields no event after the stream's end.
        default: return Event(kind: .end, place: place)
        }
    }

    private static func place(_ mark: yaml_mark_t) -> YAMLPlace {
        YAMLPlace(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    /// What libyaml says; its words are its own and quote nothing.
    private func problem() -> YAMLError {
        let words = parser.pointee.problem.map { String(cString: $0) } ?? "it can't be read"
        switch parser.pointee.error {
        case YAML_SCANNER_ERROR, YAML_PARSER_ERROR, YAML_COMPOSER_ERROR:
            return YAMLError(words, at: Self.place(parser.pointee.problem_mark))
        default: return YAMLError(words, at: nil)
        }
    }
}
