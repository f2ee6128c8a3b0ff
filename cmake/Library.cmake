# SPDX-License-Identifier: Apache-2.0
# libsmoothact: the op library. _C: the Python module on top of it.

include(CheckCXXCompilerFlag)

file(GLOB _headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/csrc/activations csrc/activations/*.h)
list(REMOVE_ITEM _headers descriptor.h type_list.h)
set(_in_tree_includes)
set(_installed_includes)
foreach(_header IN LISTS _headers)
  string(APPEND _in_tree_includes "#include \"${PROJECT_SOURCE_DIR}/csrc/activations/${_header}\"\n")
  string(APPEND _installed_includes "#include \"${_header}\"\n")
endforeach()

# The length of the list, and into how many translation units it is split.
file(READ csrc/activations.h _list)
string(REGEX REPLACE "//[^\n]*" "" _list "${_list}")
string(REGEX MATCH "TypeList<([^>]*,[^>]*)>" _list "${_list}")
string(REGEX MATCHALL "[A-Za-z0-9_]+" _list "${CMAKE_MATCH_1}")
if(SMOOTHACT_ONLY)
  foreach(_name IN LISTS SMOOTHACT_ONLY)
    if(NOT _name IN_LIST _list)
      message(FATAL_ERROR "smoothact: SMOOTHACT_ONLY names ${_name}, which is not in the list of csrc/activations.h")
    endif()
  endforeach()
  set(_list ${SMOOTHACT_ONLY})
endif()
list(LENGTH _list _activations)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS csrc/activations.h)

# activations/all.h: here with the tree's paths, and beside the headers once installed.
set(_only)
if(SMOOTHACT_ONLY)
  list(JOIN SMOOTHACT_ONLY ", " _only)
  set(_only "#define SMOOTHACT_ONLY ${_only}\n")
endif()
file(CONFIGURE OUTPUT generated/activations/all.h CONTENT "#pragma once\n${_only}${_in_tree_includes}" @ONLY)
file(CONFIGURE OUTPUT installed/activations/all.h CONTENT "#pragma once\n${_only}${_installed_includes}" @ONLY)

# Adds a source to the library that is compiled once per shard, so many activations in each; NAME_objects lists the objects.
function(smoothact_add_shards name source activations)
  cmake_parse_arguments(_of "" "" "LIBRARIES;OPTIONS;DEFINITIONS" ${ARGN})
  math(EXPR _shards "(${_activations} + ${activations} - 1) / ${activations}")
  math(EXPR _last "${_shards} - 1")
  set(_objects)
  foreach(_shard RANGE ${_last})
    set(_target smoothact_${name}_${_shard})
    add_library(${_target} OBJECT ${source})
    target_link_libraries(${_target} PRIVATE smoothact_flags ${_of_LIBRARIES})
    target_compile_options(${_target} PRIVATE ${_of_OPTIONS})
    target_compile_definitions(${_target} PRIVATE SMOOTHACT_SHARD=${_shard} SMOOTHACT_SHARDS=${_shards} ${_of_DEFINITIONS})
    set_target_properties(${_target} PROPERTIES CXX_VISIBILITY_PRESET hidden CUDA_STANDARD 20
                          CUDA_STANDARD_REQUIRED ON CUDA_RUNTIME_LIBRARY Shared)
    list(APPEND _objects $<TARGET_OBJECTS:${_target}>)
  endforeach()
  target_sources(smoothact PRIVATE ${_objects})
  set(${name}_objects ${_objects} PARENT_SCOPE)
endfunction()

add_library(smoothact_flags INTERFACE)
# <smoothact/...> in the tree as in the installed headers.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/include)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/csrc ${CMAKE_BINARY_DIR}/include/smoothact SYMBOLIC)
target_include_directories(smoothact_flags INTERFACE ${PROJECT_SOURCE_DIR}/csrc ${CMAKE_BINARY_DIR}/include
                           ${CMAKE_BINARY_DIR}/generated)
# No contraction: a value's bits must not depend on which loop computed it.
target_compile_options(smoothact_flags INTERFACE
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized> # in torch's compiled_autograd.h
  $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wno-psabi;-ffp-contract=off;-fno-math-errno;-fno-trapping-math>
  $<$<COMPILE_LANGUAGE:CUDA>:--fmad=false;--expt-relaxed-constexpr;-Xcompiler=-ffp-contract=off>
  # An eighth of the size; every driver that torch's CUDA runs on can read it.
  $<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<VERSION_GREATER_EQUAL:$<CUDA_COMPILER_VERSION>,12.8>>:--compress-mode=size>)

file(GLOB _ops CONFIGURE_DEPENDS csrc/ops/*.cpp)
list(FILTER _ops EXCLUDE REGEX "formulas\\.cpp$")
add_library(smoothact SHARED ${_ops})
target_link_libraries(smoothact PUBLIC torch::torch_cpu torch::c10 PRIVATE smoothact_flags)
target_link_options(smoothact PRIVATE $<$<PLATFORM_ID:Linux>:LINKER:-z,defs>)
# Calls of torch's ops, nothing to unroll: a quarter less to compile, and half the bytes.
set(_flags_tensors -Os)
smoothact_add_shards(formulas csrc/ops/formulas.cpp ${SMOOTHACT_TENSORS_SHARD_SIZE} LIBRARIES torch::torch_cpu
                     OPTIONS ${_flags_tensors})
smoothact_add_shards(learned csrc/ops/learned_formulas.cpp ${SMOOTHACT_TENSORS_SHARD_SIZE} LIBRARIES torch::torch_cpu
                     OPTIONS ${_flags_tensors})
# Only the file with the vmap rule may see the stub.
set_source_files_properties(csrc/ops/vmap.cpp PROPERTIES INCLUDE_DIRECTORIES ${PROJECT_SOURCE_DIR}/cmake/stub)

# CPU kernels, once per instruction set. SMOOTHACT_ISA names the inline namespace.
set(_flags_DEFAULT "")
set(_flags_AVX2 -mavx2 -mfma -mf16c)
set(_flags_AVX512 -mavx512f -mavx512bw -mavx512vl -mavx512dq ${_flags_AVX2} -mprefer-vector-width=512)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU) # the registers of one step interleaved: a twentieth faster; no alarm at its headers
  list(APPEND _flags_AVX2 -fschedule-insns -fsched-pressure)
  list(APPEND _flags_AVX512 -fschedule-insns -fsched-pressure -Wno-uninitialized)
endif()
set(SMOOTHACT_BUILT_ISAS)
foreach(_isa IN LISTS SMOOTHACT_ISAS)
  list(JOIN _flags_${_isa} " " _flags)
  set(CMAKE_REQUIRED_QUIET ON)
  check_cxx_compiler_flag("${_flags}" SMOOTHACT_COMPILES_${_isa})
  if(NOT SMOOTHACT_COMPILES_${_isa})
    message(STATUS "smoothact: this compiler has no ${_isa}, skipped")
    continue()
  endif()
  list(APPEND SMOOTHACT_BUILT_ISAS ${_isa})
  smoothact_add_shards(cpu_${_isa} csrc/cpu/kernels.cpp ${SMOOTHACT_CPU_SHARD_SIZE} LIBRARIES torch::torch_cpu
                       OPTIONS ${_flags_${_isa}} DEFINITIONS SMOOTHACT_ISA=${_isa})
  # Whatever the length of the list, one file each; gates and biases run on its kernels.
  # Nothing throws; GCC would give the objects a reference to the personality routine that all ISAs share.
  foreach(_source gates biased widening smooth_max fewbit rational)
    smoothact_add_shards(${_source}_${_isa} csrc/cpu/${_source}.cpp ${_activations} OPTIONS ${_flags_${_isa}}
                         -fno-exceptions DEFINITIONS SMOOTHACT_ISA=${_isa})
  endforeach()
  smoothact_add_shards(slopes_${_isa} csrc/cpu/slopes.cpp ${SMOOTHACT_CPU_SLOPES_SHARD_SIZE} OPTIONS ${_flags_${_isa}}
                       DEFINITIONS SMOOTHACT_ISA=${_isa}_slopes SMOOTHACT_INSTRUCTIONS=${_isa})
endforeach()
file(GLOB _cpu CONFIGURE_DEPENDS csrc/cpu/*.cpp)
list(FILTER _cpu EXCLUDE REGEX "/(kernels|gates|biased|widening|slopes|smooth_max|fewbit|rational)\\.cpp$")
target_sources(smoothact PRIVATE ${_cpu})

if(SMOOTHACT_WITH_CUDA)
  smoothact_add_shards(cuda csrc/cuda/shard.cu ${SMOOTHACT_CUDA_SHARD_SIZE})
  smoothact_add_shards(cuda_forward csrc/cuda/learned_forward.cu ${SMOOTHACT_CUDA_SHARD_SIZE})
  smoothact_add_shards(cuda_backward csrc/cuda/learned_backward.cu ${SMOOTHACT_CUDA_SHARD_SIZE}
                       DEFINITIONS SMOOTHACT_ISA=cuda_backward)
  smoothact_add_shards(cuda_gated csrc/cuda/gated.cu ${SMOOTHACT_CUDA_SHARD_SIZE})
  smoothact_add_shards(cuda_smooth_max csrc/cuda/smooth_max.cu ${_activations})
  smoothact_add_shards(cuda_fewbit csrc/cuda/fewbit.cu ${_activations})
  file(GLOB _cuda CONFIGURE_DEPENDS csrc/cuda/*.cpp)
  target_sources(smoothact PRIVATE ${_cuda})
  target_compile_definitions(smoothact PRIVATE SMOOTHACT_WITH_CUDA)
  set_target_properties(smoothact PROPERTIES CUDA_STANDARD 20 CUDA_RUNTIME_LIBRARY Shared LINKER_LANGUAGE CXX)
  target_link_libraries(smoothact PRIVATE torch::torch_cuda torch::c10_cuda CUDA::cudart)
endif()

file(GLOB _python CONFIGURE_DEPENDS csrc/python/*.cpp)
Python_add_library(_C MODULE WITH_SOABI ${_python})
set_target_properties(_C PROPERTIES CXX_VISIBILITY_PRESET hidden)
target_link_libraries(_C PRIVATE smoothact torch::torch_python smoothact_flags)
