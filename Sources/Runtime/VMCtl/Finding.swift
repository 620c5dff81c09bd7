// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// One thing that the doctor looked at.
struct Finding: Hashable, Sendable {
    /// How bad it is.
    enum Grade: String, Sendable {
        /// As it should be.
        case ok
        /// Machines run, but not all, or not as well as they could.
        case warn
        /// No machine runs.
        case fail
    }

    let grade: Grade
    let subject: String
    let text: String
    /// What to do; empty where nothing need be done.
    let advice: String

    static func ok(_ subject: String, _ text: String) -> Finding {
        Finding(grade: .ok, subject: subject, text: text, advice: "")
    }

    static func warn(_ subject: String, _ text: String, _ advice: String) -> Finding {
        Finding(grade: .warn, subject: subject, text: text, advice: advice)
    }

    static func fail(_ subject: String, _ text: String, _ advice: String) -> Finding {
        Finding(grade: .fail, subject: subject, text: text, advice: advice)
    }

    /// One line.
    var line: String {
        let grade = self.grade.rawValue + String(repeating: " ", count: 4 - self.grade.rawValue.count)
        let line = "\(grade)  \(subject): \(text)"
        return advice.isEmpty ? line : "\(line). \(advice)"
    }
}
