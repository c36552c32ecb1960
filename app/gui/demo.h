#pragma once

#include <QString>

namespace casebook {

/// The folder of the bundled demo evidence: share/casebook/samples/demo beside the program, else `fallback`/demo.
/// Empty when neither is there.
QString find_demo_folder(const QString& fallback);

}  // namespace casebook
