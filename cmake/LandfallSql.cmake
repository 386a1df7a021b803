# landfall_embed_sql(TARGET t NAMESPACE ns HEADER path DIRECTORY dir [PATTERN glob])
# Each dir/name.sql, or each that matches the pattern, becomes `inline constexpr std::string_view name` in namespace ns,
# in the generated header `path`.
function(landfall_embed_sql)
  cmake_parse_arguments(ARG "" "TARGET;NAMESPACE;HEADER;DIRECTORY;PATTERN" "" ${ARGN})
  if(NOT ARG_PATTERN)
    set(ARG_PATTERN *.sql)
  endif()
  file(GLOB files CONFIGURE_DEPENDS ${ARG_DIRECTORY}/${ARG_PATTERN})
  set(output ${PROJECT_BINARY_DIR}/generated/${ARG_HEADER})
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DNAMESPACE=${ARG_NAMESPACE} "-DFILES=${files}" -P
            ${PROJECT_SOURCE_DIR}/cmake/embed_sql.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed_sql.cmake
    VERBATIM)
  target_sources(${ARG_TARGET} PRIVATE ${output})
  target_include_directories(${ARG_TARGET} PUBLIC ${PROJECT_BINARY_DIR}/generated)
endfunction()
