# Debian's libcaf-dev ships neither a CMake package nor a .pc file. LANDFALL_CAF_ROOT names another build of it.
find_path(CAF_INCLUDE_DIR caf/all.hpp HINTS ${LANDFALL_CAF_ROOT}/include)
find_library(CAF_CORE_LIBRARY caf_core HINTS ${LANDFALL_CAF_ROOT}/lib)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF REQUIRED_VARS CAF_CORE_LIBRARY CAF_INCLUDE_DIR)
if(CAF_FOUND AND NOT TARGET CAF::core)
  find_package(Threads REQUIRED)
  add_library(CAF::core UNKNOWN IMPORTED)
  set_target_properties(CAF::core PROPERTIES
    IMPORTED_LOCATION "${CAF_CORE_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES Threads::Threads)
endif()
