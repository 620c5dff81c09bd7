// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A row of the database: its own form of what is in memory, so that a change there leaves old rows readable.
///
/// A field that every row of schema 1 had must be there. A field that was added later is optional here, and `record()`
/// says what its absence means. Where a vm-runtime that ignores a field would lose or misread something, the field raises
/// `PodDatabase.schema`; each schema has a file in `Tests/PodRuntimeTests/Golden`.
protocol StoredRow: Codable {
    associatedtype Record

    /// The schema that the row was written in; rows of schema 1 don't say it.
    var schema: Int? { get }

    /// The row of a record, in the newest schema.
    init(_ record: Record)

    /// What the row says.
    func record() throws(RowError) -> Record
}

/// Why a row can't be read.
enum RowError: Error, Hashable, CustomStringConvertible {
    /// A field holds a word that no schema has.
    case unknownWord(field: String, word: String)
    /// A field says nothing, or two things at once.
    case ambiguous(field: String)
    /// A newer vm-runtime wrote it.
    case newer(schema: Int)

    var description: String {
        switch self {
        case .unknownWord(let field, let word):
            "the field \(field) holds \"\(word)\", which means nothing here"
        case .ambiguous(let field): "the field \(field) must say exactly one thing"
        case .newer(let schema):
            "it has schema \(schema), and this vm-runtime reads up to \(PodDatabase.schema)"
        }
    }
}

/// The value that a word of a field means.
func meaning<Value: RawRepresentable<String>>(
    _ word: String,
    _ field: String
) throws(RowError) -> Value {
    guard let value = Value(rawValue: word) else { throw .unknownWord(field: field, word: word) }
    return value
}

/// The value that a word of an optional field means.
func meaning<Value: RawRepresentable<String>>(
    _ word: String?,
    _ field: String
) throws(RowError) -> Value? {
    guard let word else { return nil }
    let value: Value = try meaning(word, field)
    return value
}
