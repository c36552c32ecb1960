#include "analyzers/core/result.h"

namespace casebook {

const char* name_of(Error::Code code)
{
    switch (code) {
    case Error::Code::cancelled: return "cancelled";
    case Error::Code::usage: return "usage";
    case Error::Code::unreadable: return "unreadable";
    case Error::Code::notUnderstood: return "not_understood";
    case Error::Code::limitExceeded: return "limit_exceeded";
    case Error::Code::caseFile: return "case_file";
    case Error::Code::busy: return "busy";
    case Error::Code::server: return "server";
    case Error::Code::internal: return "internal";
    }
    return "internal";
}

}  // namespace casebook
