# For prebuild.mjs; a checkout is built by build.mjs, which needs no Python.  Which units there are and how they are
# compiled is in sources.json: gyp.mjs reads it.  Units with flags of their own are a library of their own, since gyp
# gives flags to targets and not to files.
{
  'variables': {
    'flags': ['<!@(node gyp.mjs flags <(OS))'],
  },
  'target_defaults': {
    'include_dirs': ['<!@(node gyp.mjs includes)'],
    'defines': ['NAPI_VERSION=8'],
    # A profiler's frame pointer is a register that the kernels need.
    'cflags!': ['-fno-omit-frame-pointer'],
    'cflags': ['-fvisibility=hidden'],
    'cflags_c': ['-std=c11'],
    'cflags_cc': ['<@(flags)'],
    'xcode_settings': {
      'CLANG_CXX_LANGUAGE_STANDARD': 'c++17',
      'GCC_C_LANGUAGE_STANDARD': 'c11',
      'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
      'MACOSX_DEPLOYMENT_TARGET': '11.0',
      'OTHER_CPLUSPLUSFLAGS': ['<@(flags)'],
    },
    # The kernels are written for GCC and clang.
    'msbuild_toolset': 'ClangCL',
    'msvs_settings': {'VCCLCompilerTool': {'AdditionalOptions': ['<@(flags)']}},
  },
  'targets': [
    {
      'target_name': 'kernels',
      'type': 'static_library',
      'sources': ['<!@(node gyp.mjs kernels)'],
    },
    {
      'target_name': 'kernels_exact',
      'type': 'static_library',
      'sources': ['<!@(node gyp.mjs exact)'],
      'cflags_cc': ['<!@(node gyp.mjs exact-flags <(OS))'],
      'xcode_settings': {'OTHER_CPLUSPLUSFLAGS': ['<!@(node gyp.mjs exact-flags <(OS))']},
      'msvs_settings': {'VCCLCompilerTool': {'AdditionalOptions': ['<!@(node gyp.mjs exact-flags <(OS))']}},
    },
    {
      'target_name': 'core_simd',
      'sources': ['<!@(node gyp.mjs addon)'],
      'dependencies': ['kernels', 'kernels_exact'],
      # gyp links with the C++ compiler, but nothing of its library is used.
      'conditions': [['OS == "linux"', {'ldflags': ['-Wl,--as-needed', '-Wl,-z,relro,-z,now']}]],
    },
  ],
}
