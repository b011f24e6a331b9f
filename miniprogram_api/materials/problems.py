"""What can go wrong with a file."""

from collections.abc import Mapping

from kit.problems import Problem
from kit.text import Text

UNREADABLE = "unreadable"
"""The child crashed over the file, or used up its time or memory."""


class OneFileExpected(Problem):
    status = 422
    code = "one_file_expected"
    title = Text("请选择一个文件上传", "Send exactly one file, as multipart/form-data")
    next = "fix_fields"


class FileTooLarge(Problem):
    status = 413
    code = "file_too_large"
    title = Text("文件太大，请压缩后再上传", "The file is too large")
    next = "fix_fields"


class FileTypeRefused(Problem):
    """Carries ``found`` where it is a kind of file that people do send: what to do then."""

    status = 415
    code = "file_type_refused"
    title = Text("不支持这种文件，请按要求的格式上传", "This kind of file is not accepted here")
    next = "fix_fields"

    FOUND: Mapping[str, Text] = {
        "heic": Text(
            "这是 HEIC 照片，请另存为 JPG 再上传；苹果手机可在“设置-相机-格式”中选“兼容性最佳”重拍",
            "This is a HEIC photograph: save it as JPG. On an iPhone choose Settings, Camera, "
            "Formats, Most Compatible, and take it again",
        ),
        "webp": Text(
            "这是 WebP 图片，请另存为 JPG 再上传", "This is a WebP picture: save it as JPG"
        ),
        "other_picture": Text(
            "不支持这种图片，请另存为 JPG 再上传",
            "This kind of picture is not accepted: save it as JPG",
        ),
        "office": Text(
            "这是 Word、Excel 等文档或压缩包，请另存为 PDF 再上传",
            "This is a Word or Excel document or an archive: save it as PDF",
        ),
    }

    def __init__(self, found: str = "") -> None:
        self.found = found if found in self.FOUND else ""
        if self.found:
            super().__init__(self.FOUND[found], found=found)
        else:
            super().__init__()


class FileIncomplete(Problem):
    status = 422
    code = "file_incomplete"
    title = Text("文件不完整，请重新选择后上传", "The file is cut off or broken; choose it again")
    next = "fix_fields"


class FileBroken(Problem):
    """Carries ``reason``; :data:`UNREADABLE` may be our fault, so that trying again may help."""

    status = 422
    code = "file_broken"
    title = Text("文件无法读取，请换一个文件", "The file cannot be read; choose another one")
    next = "fix_fields"

    REASONS: Mapping[str, Text] = {
        "image_broken": Text("图片已损坏", "The picture is damaged"),
        "image_too_large": Text("图片尺寸太大，请缩小后再上传", "The picture has too many pixels"),
        "pdf_broken": Text("PDF 已损坏", "The PDF is damaged"),
        "pdf_encrypted": Text(
            "PDF 有密码，请去掉密码后再上传", "The PDF is encrypted; remove its password first"
        ),
        "pdf_too_many_pages": Text("PDF 页数太多，请拆分", "The PDF has too many pages"),
        "pdf_active": Text(
            "PDF 含有脚本或附件，请另存为普通 PDF", "The PDF has scripts or attachments"
        ),
        "archive_bomb": Text("文件展开后过大", "The file unpacks to far too much"),
        UNREADABLE: Text("文件处理失败", "The file could not be worked on"),
    }

    def __init__(self, reason: str) -> None:
        known = reason if reason in self.REASONS else UNREADABLE
        super().__init__(self.REASONS[known], reason=known)
        self.reason = known


class FileLinkExpired(Problem):
    status = 403
    code = "file_link_expired"
    title = Text("链接已过期，请刷新页面", "This link has expired; reload the page")
    next = "reload"


class FileBeingScanned(Problem):
    status = 409
    code = "file_being_scanned"
    title = Text("文件正在安全检查，请稍后再看", "The file is being checked; look again later")
    next = "wait"
    retry_after_s = 5


class WrongOffset(Problem):
    """Carries ``offset``: where to go on."""

    status = 409
    code = "wrong_offset"
    title = Text("上传位置不对，请从已收到的位置继续", "Go on from where the upload stands")
    next = "retry"


class WrongPartSize(Problem):
    """Carries ``part_bytes_min``, ``part_bytes_max`` and ``bytes_left``."""

    status = 422
    code = "wrong_part_size"
    title = Text("分片大小不符合要求", "The part is too small, too large or too much")
    next = "fix_fields"


class HashMismatch(Problem):
    """Carries ``offset``, which is 0: everything is to be sent again."""

    status = 422
    code = "hash_mismatch"
    title = Text(
        "文件在上传中有变化，请重新上传", "What came is not what was announced; send again"
    )
    next = "retry"


class UploadClosed(Problem):
    """Carries ``state``."""

    status = 409
    code = "upload_closed"
    title = Text("这次上传已结束，请重新开始", "This upload has ended; begin a new one")
    next = "reload"


class UploadQuotaUsed(Problem):
    status = 429
    code = "upload_quota_used"
    title = Text("今天上传的文件太多，请明天再传", "Too many bytes were sent in one day")
    next = "wait"
    retry_after_s = 3600


def refusal_named(code: str) -> Problem:
    """Of a file that is not acceptable, by what :func:`name_of` said."""
    name, _, found = code.partition(".")
    if name == FileTypeRefused.code:
        return FileTypeRefused(found)
    if name == FileIncomplete.code:
        return FileIncomplete()
    return FileBroken(code)


def name_of(refusal: FileTypeRefused | FileIncomplete | FileBroken) -> str:
    """In at most 32 characters, from which the same problem can be made again."""
    if isinstance(refusal, FileTypeRefused) and refusal.found:
        return f"{refusal.code}.{refusal.found}"
    return refusal.reason if isinstance(refusal, FileBroken) else refusal.code
