# The path is the registration: writes one sorted array from a folder of sources.
#   importers/otlp_json.cpp            defines casebook::importers::otlp_json
#   modules/database/n_plus_one.cpp    defines casebook::database::n_plus_one
function(casebook_registry output type header function_name)
  set(declarations "")
  set(entries "")
  foreach(name IN LISTS ARGN)
    string(REGEX MATCH "^([a-z_0-9]+)/([a-z_0-9]+)$" _ "${name}")
    string(APPEND declarations "namespace casebook::${CMAKE_MATCH_1} { extern const ${type} ${CMAKE_MATCH_2}; }\n")
    string(APPEND entries "    &casebook::${CMAKE_MATCH_1}::${CMAKE_MATCH_2},\n")
  endforeach()
  list(LENGTH ARGN count)
  file(CONFIGURE OUTPUT ${output} CONTENT
"// Written by CMake from the folder listing. Do not edit.
#include \"${header}\"

#include <array>

${declarations}
namespace casebook {

std::span<const ${type}* const> ${function_name}()
{
    static constexpr std::array<const ${type}*, ${count}> all{
${entries}    };
    return all;
}

}  // namespace casebook
" @ONLY)
endfunction()
