/*
 * os_windows.cpp - files of Windows.
 */
#if defined(_WIN32)

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
/* PrefetchVirtualMemory() is Windows 8's. */
#if !defined(_WIN32_WINNT) || _WIN32_WINNT < 0x0602
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0602
#endif

#include "os.h"

#include <windows.h>

namespace rv_index
{

namespace os
{

namespace
{

/* Empty where the text is no UTF-8. */
std::wstring
wide(const std::string &text)
{
	const int	length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text.data(), (int) text.size(), nullptr, 0);
	std::wstring converted((size_t) (length > 0 ? length : 0), L'\0');

	if (length > 0)
		MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text.data(), (int) text.size(), &converted[0], length);
	return converted;
}

std::string
narrow(const std::wstring &text)
{
	const int	length = WideCharToMultiByte(CP_UTF8, 0, text.data(), (int) text.size(), nullptr, 0, nullptr, nullptr);
	std::string converted((size_t) (length > 0 ? length : 0), '\0');

	if (length > 0)
		WideCharToMultiByte(CP_UTF8, 0, text.data(), (int) text.size(), &converted[0], length, nullptr, nullptr);
	return converted;
}

/* Never 0: something has failed. */
int
last_error()
{
	const DWORD error = GetLastError();

	return error == 0 ? ERROR_GEN_FAILURE : (int) error;
}

OVERLAPPED
place_of(uint64_t offset)
{
	OVERLAPPED	place = {};

	place.Offset = (DWORD) offset;
	place.OffsetHigh = (DWORD) (offset >> 32);
	return place;
}

constexpr DWORD everybody = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

}	/* namespace */

int
file::open(const std::string &path)
{
	close();
	/* With FILE_FLAG_BACKUP_SEMANTICS folders can be opened, and are then told from files. */
	handle = CreateFileW(wide(path).c_str(), GENERIC_READ, everybody, nullptr, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS,
						 nullptr);
	return handle != INVALID_HANDLE_VALUE ? 0 : last_error();
}

int
file::create(const std::string &path, const std::string &)
{
	close();
	/* Permissions are inherited from the folder, and MoveFileEx() leaves them. */
	handle = CreateFileW(wide(path).c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, CREATE_NEW, FILE_ATTRIBUTE_NORMAL,
						 nullptr);
	return handle != INVALID_HANDLE_VALUE ? 0 : last_error();
}

int
file::status(file_type *type, file_identity *identity) const
{
	BY_HANDLE_FILE_INFORMATION there;

	if (GetFileType(handle) != FILE_TYPE_DISK)
	{
		*type = file_type::other;
		*identity = {};
		return 0;
	}
	if (!GetFileInformationByHandle(handle, &there))
		return last_error();
	*type = (there.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0 ? file_type::directory : file_type::regular;
	identity->device = there.dwVolumeSerialNumber;
	identity->number = (uint64_t) there.nFileIndexHigh << 32 | there.nFileIndexLow;
	identity->bytes = (uint64_t) there.nFileSizeHigh << 32 | there.nFileSizeLow;
	identity->changed = (int64_t) ((uint64_t) there.ftLastWriteTime.dwHighDateTime << 32 | there.ftLastWriteTime.dwLowDateTime);
	return 0;
}

int
file::read_at(uint64_t offset, void *to, size_t bytes, size_t *got) const
{
	*got = 0;
	while (*got < bytes)
	{
		OVERLAPPED	place = place_of(offset + *got);
		const size_t most = bytes - *got < ((size_t) 1 << 30) ? bytes - *got : (size_t) 1 << 30;
		DWORD		n = 0;

		if (!ReadFile(handle, (char *) to + *got, (DWORD) most, &n, &place))
		{
			if (GetLastError() == ERROR_HANDLE_EOF)
				break;
			return last_error();
		}
		if (n == 0)
			break;
		*got += n;
	}
	return 0;
}

int
file::write_at(uint64_t offset, const void *from, size_t bytes)
{
	const char *p = (const char *) from;

	while (bytes > 0)
	{
		OVERLAPPED	place = place_of(offset);
		DWORD		n = 0;

		if (!WriteFile(handle, p, (DWORD) (bytes < ((size_t) 1 << 30) ? bytes : (size_t) 1 << 30), &n, &place))
			return last_error();
		if (n == 0)
			return ERROR_DISK_FULL;
		p += n;
		offset += n;
		bytes -= n;
	}
	return 0;
}

int
file::sync()
{
	return FlushFileBuffers(handle) ? 0 : last_error();
}

int
file::close()
{
	const HANDLE closing = handle;

	handle = INVALID_HANDLE_VALUE;
	return closing == INVALID_HANDLE_VALUE || CloseHandle(closing) ? 0 : last_error();
}

int
file::map(uint64_t bytes, const uint8_t **memory) const
{
	if (bytes > SIZE_MAX)
		return ERROR_NOT_ENOUGH_MEMORY;

	const HANDLE mapping = CreateFileMappingW(handle, nullptr, PAGE_READONLY, (DWORD) (bytes >> 32), (DWORD) bytes, nullptr);

	if (mapping == nullptr)
		return last_error();
	*memory = (const uint8_t *) MapViewOfFile(mapping, FILE_MAP_READ, 0, 0, (SIZE_T) bytes);

	const int	error = *memory != nullptr ? 0 : last_error();

	/* The view keeps it. */
	CloseHandle(mapping);
	return error;
}

void
unmap(const uint8_t *memory, uint64_t)
{
	UnmapViewOfFile(memory);
}

/* Windows decides by itself. */
void
expect_access(const uint8_t *, uint64_t, access_pattern)
{
}

void
will_need(const uint8_t *memory, uint64_t bytes)
{
	WIN32_MEMORY_RANGE_ENTRY range = {(void *) (uintptr_t) memory, (SIZE_T) bytes};

	PrefetchVirtualMemory(GetCurrentProcess(), 1, &range, 0);
}

int
resolve_target(const std::string &path, std::string *target)
{
	const std::wstring name = wide(path);
	const DWORD attributes = GetFileAttributesW(name.c_str());

	*target = path;
	if (attributes == INVALID_FILE_ATTRIBUTES)
	{
		const int	error = last_error();

		return error == ERROR_FILE_NOT_FOUND ? 0 : error;
	}
	if ((attributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
		return ERROR_ACCESS_DENIED;
	if ((attributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0)
		return 0;

	const HANDLE there = CreateFileW(name.c_str(), 0, everybody, nullptr, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, nullptr);
	int			error = there == INVALID_HANDLE_VALUE ? last_error() : 0;

	if (error != 0)
		return error;

	const DWORD length = GetFinalPathNameByHandleW(there, nullptr, 0, FILE_NAME_NORMALIZED);
	std::wstring real((size_t) length, L'\0');
	const DWORD copied = length == 0 ? 0 : GetFinalPathNameByHandleW(there, &real[0], length, FILE_NAME_NORMALIZED);

	error = copied == 0 || copied >= length ? last_error() : 0;
	CloseHandle(there);
	if (error == 0)
		*target = narrow(real.substr(0, copied));
	return error;
}

int
rename(const std::string &from, const std::string &to)
{
	return MoveFileExW(wide(from).c_str(), wide(to).c_str(), MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH) ? 0 :
		last_error();
}

/* MOVEFILE_WRITE_THROUGH did. */
int
sync_directory_of(const std::string &)
{
	return 0;
}

int
remove(const std::string &path)
{
	return DeleteFileW(wide(path).c_str()) ? 0 : last_error();
}

size_t
name_at(const std::string &path)
{
	const size_t slash = path.find_last_of("/\\:");

	return slash == std::string::npos ? 0 : slash + 1;
}

std::string
message(int error)
{
	wchar_t		text[256];
	DWORD		length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, nullptr, (DWORD) error, 0, text,
										256, nullptr);

	while (length > 0 && text[length - 1] <= L' ')
		length--;
	return length > 0 ? narrow(std::wstring(text, length)) : "error " + std::to_string(error);
}

}	/* namespace os */

}	/* namespace rv_index */

#endif							/* Windows */
