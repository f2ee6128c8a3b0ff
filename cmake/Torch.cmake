# SPDX-License-Identifier: Apache-2.0
# Imported targets torch::* straight from an installed wheel. find_package(Torch) would insist on a CUDA toolkit, even for a CPU build.
# In: SMOOTHACT_TORCH, the folder holding torch/ (default: asks Python). Out: TORCH_DIR, TORCH_VERSION, TORCH_MINOR, TORCH_CUDA.

if(NOT SMOOTHACT_TORCH)
  execute_process(
    COMMAND ${Python_EXECUTABLE} -c
            "import importlib.util as u, pathlib as p; print(p.Path(u.find_spec('torch').origin).parent.parent)"
    OUTPUT_VARIABLE SMOOTHACT_TORCH OUTPUT_STRIP_TRAILING_WHITESPACE
    RESULT_VARIABLE _failed ERROR_QUIET)
  if(_failed)
    message(FATAL_ERROR "smoothact: ${Python_EXECUTABLE} has no torch: install torch>=${SMOOTHACT_TORCH_MIN},<${SMOOTHACT_TORCH_END}, "
                        "or name the folder that holds it with -DSMOOTHACT_TORCH=PATH")
  endif()
endif()
set(TORCH_DIR ${SMOOTHACT_TORCH}/torch)

execute_process(
  COMMAND ${Python_EXECUTABLE} -c
          "import runpy, sys; v = runpy.run_path(sys.argv[1]); print(v['__version__'], v['cuda'] or '', sep=';')"
          ${TORCH_DIR}/version.py
  OUTPUT_VARIABLE _torch OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
list(GET _torch 0 TORCH_VERSION)
list(GET _torch 1 TORCH_CUDA)
string(REGEX MATCH "^[0-9]+\\.[0-9]+" TORCH_MINOR "${TORCH_VERSION}")
if(TORCH_MINOR VERSION_LESS SMOOTHACT_TORCH_MIN OR NOT TORCH_MINOR VERSION_LESS SMOOTHACT_TORCH_END)
  message(FATAL_ERROR "smoothact: torch ${TORCH_VERSION} at ${TORCH_DIR} is not supported: "
                      "install torch>=${SMOOTHACT_TORCH_MIN},<${SMOOTHACT_TORCH_END}")
endif()
message(STATUS "torch ${TORCH_VERSION} (CUDA ${TORCH_CUDA}) at ${TORCH_DIR}")

foreach(_lib c10 torch torch_cpu torch_python c10_cuda torch_cuda)
  set(_path ${TORCH_DIR}/lib/${CMAKE_SHARED_LIBRARY_PREFIX}${_lib}${CMAKE_SHARED_LIBRARY_SUFFIX})
  if(EXISTS ${_path})
    add_library(torch::${_lib} SHARED IMPORTED)
    set_target_properties(torch::${_lib} PROPERTIES IMPORTED_LOCATION ${_path})
    target_include_directories(torch::${_lib} SYSTEM INTERFACE ${TORCH_DIR}/include ${TORCH_DIR}/include/torch/csrc/api/include)
    target_compile_definitions(torch::${_lib} INTERFACE _GLIBCXX_USE_CXX11_ABI=1)
  endif()
endforeach()
