// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import Attachments
public import LinuxSystem

/// Undoes something with files; a failure becomes a text for the error that made the undo necessary.
public func fileFailure(_ body: () throws(SystemError) -> Void) -> String? {
    do throws(SystemError) { try body() } catch { return error.message }
    return nil
}

/// Undoes something with devices; a failure becomes a text for the error that made the undo necessary.
public func deviceFailure(_ body: () throws(AttachmentError) -> Void) -> String? {
    do throws(AttachmentError) { try body() } catch { return error.message }
    return nil
}
