# SPDX-License-Identifier: Apache-2.0
# What is installed into the Python package: libraries, headers, the CMake package, the build stamp, the stubs.

if(APPLE)
  set(_origin @loader_path)
else()
  set(_origin $ORIGIN)
endif()
# torch is a sibling in site-packages, and so is the CUDA runtime that its wheel brings along.
set(_rpath ${_origin} ${_origin}/../torch/lib ${_origin}/../nvidia/cu13/lib ${_origin}/../nvidia/cuda_runtime/lib)
set(_python_dir ${PROJECT_SOURCE_DIR}/python)
cmake_path(IS_PREFIX _python_dir "${CMAKE_INSTALL_PREFIX}" NORMALIZE _in_tree)
if(_in_tree) # an editable install: no site-packages around it
  set(_torch_hint ${SMOOTHACT_TORCH})
  list(APPEND _rpath ${TORCH_DIR}/lib)
endif()
set_target_properties(smoothact _C PROPERTIES INSTALL_RPATH "${_rpath}" INSTALL_REMOVE_ENVIRONMENT_RPATH ON)
install(TARGETS smoothact _C LIBRARY DESTINATION .)

install(FILES csrc/smoothact.h csrc/activations.h DESTINATION include/smoothact)
install(DIRECTORY csrc/math csrc/activations csrc/kernels DESTINATION include/smoothact FILES_MATCHING PATTERN "*.h")
install(FILES ${CMAKE_BINARY_DIR}/installed/activations/all.h DESTINATION include/smoothact/activations)

if(SMOOTHACT_WITH_CUDA)
  set(_py_cuda "\"${TORCH_CUDA}\"")
  list(TRANSFORM CMAKE_CUDA_ARCHITECTURES REPLACE "(.*)-real" "sm_\\1" OUTPUT_VARIABLE _py_archs)
  list(TRANSFORM _py_archs REPLACE "(.*)-virtual" "compute_\\1")
  list(JOIN _py_archs "\", \"" _py_archs)
  set(_py_archs "\"${_py_archs}\"")
else()
  set(_py_cuda None)
  set(_py_archs "")
endif()
list(JOIN SMOOTHACT_BUILT_ISAS "\", \"" _py_isas)
configure_file(cmake/_build.py.in _build.py @ONLY)
configure_file(cmake/smoothactConfig.cmake.in smoothactConfig.cmake @ONLY)
include(CMakePackageConfigHelpers)
write_basic_package_version_file(smoothactConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/_build.py DESTINATION .)
install(FILES ${CMAKE_BINARY_DIR}/smoothactConfig.cmake ${CMAKE_BINARY_DIR}/smoothactConfigVersion.cmake
        DESTINATION share/cmake/smoothact)

# tools/stubs.py loads the module just linked; where it cannot run (cross build), there are no stubs and no error.
if(SMOOTHACT_STUBS AND NOT CMAKE_CROSSCOMPILING)
  set(_stubs ${CMAKE_BINARY_DIR}/stubs)
  add_custom_command(OUTPUT ${_stubs}/stamp
    COMMAND ${Python_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/stubs.py $<TARGET_FILE:_C> ${SMOOTHACT_TORCH} ${_stubs}
    DEPENDS _C tools/stubs.py VERBATIM)
  add_custom_target(stubs ALL DEPENDS ${_stubs}/stamp)
  install(FILES ${_stubs}/functional.pyi ${_stubs}/nn.pyi DESTINATION . OPTIONAL)
endif()
