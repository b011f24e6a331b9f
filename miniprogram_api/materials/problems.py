"""What can go wrong with a file."""

from kit.problems import Problem
from kit.text import Text


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
    status = 415
    code = "file_type_refused"
    title = Text("不支持这种文件，请按要求的格式上传", "This kind of file is not accepted here")
    next = "fix_fields"


class FileIncomplete(Problem):
    status = 422
    code = "file_incomplete"
    title = Text("文件不完整，请重新选择后上传", "The file is cut off or broken; send it again")
    next = "retry"


class FileLinkExpired(Problem):
    status = 403
    code = "file_link_expired"
    title = Text("链接已过期，请刷新页面", "This link has expired; reload the page")
    next = "reload"
