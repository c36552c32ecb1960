#include "widgets/panels/capture/capture_engine.h"

namespace casebook {

CaptureEngine real_capture_engine()
{
    return {capture_questions(), test_connection, capture};
}

}  // namespace casebook
