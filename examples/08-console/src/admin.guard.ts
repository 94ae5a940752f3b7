import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common';

/** What an app has anyhow for its own pages: here a password, for which the browser asks. */
@Injectable()
export class AdminGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<{ headers: { authorization?: string } }>();
    const password = process.env.ADMIN_PASSWORD;
    const right = Buffer.from(`admin:${password}`).toString('base64');
    if (password && request.headers.authorization === `Basic ${right}`) {
      return true;
    }
    const response = http.getResponse<{
      setHeader(name: string, value: string): void;
    }>();
    response.setHeader('www-authenticate', 'Basic realm="console"');
    throw new UnauthorizedException();
  }
}
